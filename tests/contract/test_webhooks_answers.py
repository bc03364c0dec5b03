"""When the webhook stays silent: machines in a loop, a Redis that is away, a broker that is away, nothing to say."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from messaging_pipeline.errors import InvalidSettings
from tests.support.factories import configuration_file, settings
from tests.support.inbound_cases import sid, texts_in
from tests.support.metric_deltas import Counting
from tests.support.queued import all_queued
from tests.support.webhook_tier import CallingTwilio, an_inbound, webhook_tier
from webhooks.app import create_app
from webhooks.inbound import ANSWERING

ANSWERS = """
[services.default]
messaging_service_sid = "MGbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

[services.default.keywords]
answers = { HOURS = "nine to six" }
most_answers = 2
most_answers_minutes = 5
"""
NOWHERE = "redis://127.0.0.1:9/0"


@contextmanager
def tier(folder: Path, **changes: str | None) -> Iterator[CallingTwilio]:
    with webhook_tier(MESSAGING_CONFIG=configuration_file(folder, ANSWERS), **changes) as twilio:
        yield twilio


def ask(twilio: CallingTwilio, number: int, person: str = "+14155550123") -> list[str]:
    answer = twilio.call("/twilio/inbound", an_inbound(Body="hours", From=person, MessageSid=sid(number)))
    assert answer.status_code == 200
    return texts_in(answer.text)


def test_a_machine_that_answers_every_answer_soon_hears_nothing(redis_url: str, tmp_path: Path) -> None:
    looping = Counting("messaging_answers_total", kind="looping")
    with tier(tmp_path, REDIS_URL=redis_url) as twilio:
        assert [len(ask(twilio, number)) for number in range(6)] == [1, 1, 0, 0, 0, 0]
        assert ask(twilio, 7, person="+14155550124") == ["nine to six"]
    assert looping.count == 4
    assert all_queued(redis_url) == {"inbound": 7}


def test_two_processes_count_together(redis_url: str, tmp_path: Path) -> None:
    with tier(tmp_path, REDIS_URL=redis_url) as one, tier(tmp_path, REDIS_URL=redis_url) as other:
        assert [len(ask(one, 1)), len(ask(other, 2)), len(ask(one, 3)), len(ask(other, 4))] == [1, 1, 0, 0]


def test_twilio_that_asks_again_hears_the_same(redis_url: str, tmp_path: Path) -> None:
    with tier(tmp_path, REDIS_URL=redis_url) as twilio:
        assert [ask(twilio, 1) for _ in range(5)] == [["nine to six"]] * 5


def test_where_nobody_counts_nothing_is_answered_and_the_text_is_taken(redis_url: str, tmp_path: Path) -> None:
    unguarded = Counting("messaging_answers_total", kind="unguarded")
    with tier(tmp_path, REDIS_URL=NOWHERE, CELERY_BROKER_URL=redis_url) as twilio:
        assert ask(twilio, 1) == []
    assert unguarded.count == 1
    assert all_queued(redis_url) == {"inbound": 1}


def test_an_answer_is_given_only_with_a_text_that_was_taken(redis_url: str, tmp_path: Path) -> None:
    with tier(tmp_path, REDIS_URL=redis_url, CELERY_BROKER_URL=NOWHERE) as twilio:
        answer = twilio.call("/twilio/inbound", an_inbound(Body="hours"))
    assert (answer.status_code, "nine to six" in answer.text) == (503, False)


def test_answers_need_a_redis_to_count_in(tmp_path: Path) -> None:
    changes = {"REDIS_URL": None, "CELERY_BROKER_URL": "amqp://127.0.0.1:9"}
    assert create_app(settings(**changes)).extensions[ANSWERING] is None
    with pytest.raises(InvalidSettings) as refusal:
        create_app(settings(MESSAGING_CONFIG=configuration_file(tmp_path, ANSWERS), **changes))
    assert refusal.value.setting == "REDIS_URL"
