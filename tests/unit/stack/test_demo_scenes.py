"""What the scenes of the demonstration stand on: a place at night at any hour, and patience that ends."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from messaging_pipeline.messages.phone_numbers import parse_e164
from messaging_pipeline.stack.demo.scenes.quiet_hours import place_at_night
from messaging_pipeline.stack.demo.stage import somebody


@pytest.mark.parametrize("month", [1, 7])
@pytest.mark.parametrize("hour", range(24))
def test_somewhere_it_is_night_at_any_hour(month: int, hour: int) -> None:
    for minute in (0, 30, 59):
        now = datetime(2027, month, 1, tzinfo=UTC) + timedelta(hours=hour, minutes=minute)
        there = now.astimezone(ZoneInfo(place_at_night(now)))
        assert there.hour >= 21 or there.hour < 8


def test_people_of_the_scenes_have_numbers_that_belong_to_nobody() -> None:
    people = {somebody() for _ in range(50)}
    assert len(people) > 25
    assert all(parse_e164(person, "to") == person and person[5:9] == "5550" for person in people)
