"""Whatever is posted with a good signature is taken whole or refused by name; nothing of it breaks the tier."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from redis import Redis

from messaging_pipeline.messages.state_machine import TWILIO_WORDS
from messaging_pipeline.queues import Queue
from tests.support.queued import all_queued, queued
from tests.support.webhook_tier import MESSAGE_ID, SIGNATURE, CallingTwilio, a_status, an_inbound, webhook_tier

SID = re.compile(r"(SM|MM)[0-9a-f]{32}")
WORD = re.compile(r"[A-Za-z_-]{1,32}")
LARGEST_INTEGER = 2**31 - 1

#: Each example looks at the queue it has emptied before.
at_the_door = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

anything = st.text(max_size=60)
huge = st.builds(lambda piece, times: piece * times, st.text(min_size=1, max_size=3), st.integers(1_000, 8_000))
sids = st.one_of(
    st.from_regex(SID, fullmatch=True), st.sampled_from(["", "SM", "SM" + "g" * 32, "MM" + "1" * 31]), anything, huge
)
statuses = st.one_of(st.sampled_from(sorted(TWILIO_WORDS)), st.from_regex(WORD, fullmatch=True), anything, huge)
error_codes = st.one_of(st.just(""), st.integers(-(10**20), 10**20).map(str), anything)
fields = st.fixed_dictionaries(
    {},
    optional={
        "MessageSid": sids,
        "SmsSid": sids,
        "MessageStatus": statuses,
        "SmsStatus": statuses,
        "ErrorCode": error_codes,
        "AccountSid": sids,
        "RawDlrDoneDate": anything,
        "To": anything,
    },
)
strange = st.lists(st.tuples(anything, st.one_of(anything, huge)), max_size=3)
paths = st.sampled_from(["/twilio/status", f"/twilio/status/{MESSAGE_ID}", f"/twilio/status/{MESSAGE_ID.upper()}"])


@dataclass(frozen=True)
class Door:
    """The tier and its broker."""

    twilio: CallingTwilio
    redis_url: str

    def emptied(self) -> "Door":
        with Redis.from_url(self.redis_url) as broker:
            broker.flushdb()
        return self

    def reports(self) -> list[dict[str, Any]]:
        tasks = queued(self.redis_url, Queue.STATUS)
        return [report for task in tasks for report in task.arguments["reports"]]


@pytest.fixture
def door(redis_url: str) -> Iterator[Door]:
    with webhook_tier(REDIS_URL=redis_url) as twilio:
        yield Door(twilio, redis_url)


@at_the_door
@given(path=paths, changes=fields, more=strange)
@example(path="/twilio/status", changes={"MessageStatus": "sent\x00"}, more=[])
@example(path="/twilio/status", changes={"ErrorCode": "٣٠٠٠٣"}, more=[])
@example(path="/twilio/status", changes={"MessageSid": "SM" + "1" * 32 + "\n"}, more=[])
@example(path="/twilio/status", changes={}, more=[("MessageStatus", "sent"), ("", ""), ("a", "\x00")])
def test_a_form_is_taken_whole_or_refused_and_nothing_else(
    door: Door, path: str, changes: dict[str, str], more: list[tuple[str, str]]
) -> None:
    door.emptied()
    answer = door.twilio.call(path, [*a_status(**changes).items(), *more])
    assert answer.status_code in {204, 400, 413}
    told = door.reports()
    assert len(told) == (answer.status_code == 204)
    for report in told:
        assert SID.fullmatch(report["sid"])
        assert WORD.fullmatch(report["status"])
        assert report["error_code"] is None or 0 <= report["error_code"] <= LARGEST_INTEGER
        assert report["message_id"] is None or UUID(report["message_id"])
        assert report["tenant"] == "default"


@at_the_door
@given(body=st.binary(max_size=2_000), path=paths)
def test_bytes_that_are_no_form_and_are_not_signed_are_refused(door: Door, body: bytes, path: str) -> None:
    answer = door.emptied().twilio.post(path, body, {SIGNATURE: "c2lnbmF0dXJl"})
    assert answer.status_code == 403
    assert all_queued(door.redis_url) == {}


@at_the_door
@given(tail=st.text("0123456789abcdef-/.%_", min_size=1, max_size=40))
def test_a_path_that_is_not_ours_is_not_found_whatever_stands_in_it(door: Door, tail: str) -> None:
    answer = door.emptied().twilio.call(f"/twilio/status/x{tail}", a_status())
    assert answer.status_code in {404, 308}
    assert all_queued(door.redis_url) == {}


@at_the_door
@given(
    tenant=st.text("abcdefghijklmnopqrstuvwxyz0123456789-_.", min_size=1, max_size=30).filter(
        lambda name: name != "default"
    )
)
def test_a_tenant_that_is_not_ours_is_not_found_whoever_has_signed(door: Door, tenant: str) -> None:
    door.emptied()
    for route, form in (("status", a_status()), (f"status/{MESSAGE_ID}", a_status()), ("inbound", an_inbound())):
        assert door.twilio.call(f"/twilio/t/{tenant}/{route}", form).status_code == 404
    assert all_queued(door.redis_url) == {}


@at_the_door
@given(
    changes=st.fixed_dictionaries({}, optional={"MessageSid": sids, "SmsSid": sids, "Body": huge, "From": anything}),
    more=strange,
)
def test_an_inbound_form_is_taken_sealed_or_refused(
    door: Door, changes: dict[str, str], more: list[tuple[str, str]]
) -> None:
    door.emptied()
    answer = door.twilio.call("/twilio/inbound", [*an_inbound(**changes).items(), *more])
    assert answer.status_code in {200, 400, 413}
    assert all_queued(door.redis_url) == ({"inbound": 1} if answer.status_code == 200 else {})
    for task in queued(door.redis_url, Queue.INBOUND):
        assert set(task.arguments) == {"tenant", "sealed_form", "received_at"}
        assert "Is my table ready?" not in task.text
