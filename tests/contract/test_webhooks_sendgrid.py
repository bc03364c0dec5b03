"""SendGrid's events at the door: only what it signed, only what is ours, and no address behind the door."""

from collections.abc import Iterator

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.queues import Queue
from tests.support.calling_sendgrid import CallingSendGrid, an_event
from tests.support.queued import queued
from tests.support.webhook_tier import MESSAGE_ID, CallingTwilio, webhook_tier

STEP = f"{MESSAGE_ID}-1"


@pytest.fixture
def sendgrid() -> CallingSendGrid:
    return CallingSendGrid()


@pytest.fixture
def tier(redis_url: str, sendgrid: CallingSendGrid) -> Iterator[CallingTwilio]:
    with webhook_tier(REDIS_URL=redis_url, SENDGRID_WEBHOOK_PUBLIC_KEY=sendgrid.public_key) as tier:
        yield tier


def test_events_about_letters_of_ours_lie_in_the_fallback_queue(
    tier: CallingTwilio, sendgrid: CallingSendGrid, redis_url: str
) -> None:
    events = [
        an_event(STEP, "processed"),
        an_event(STEP, "bounce"),
        an_event("somebody-elses-mail", "bounce"),
        {"event": "open"},
    ]
    assert sendgrid.call(tier.app, events).status_code == 204
    (task,) = queued(redis_url, Queue.FALLBACK)
    assert task.name == "messaging.hear_of_letters"
    assert task.arguments["events"] == [
        {"message_id": MESSAGE_ID, "number": 1, "word": "bounced", "at": "2026-11-23T12:00:00+00:00"}
    ]
    assert "ada@example.com" not in task.text


@pytest.mark.parametrize("events", [[], [an_event("another", "bounce")], [an_event(STEP, "deferred")], ["text"]])
def test_events_that_are_none_of_ours_are_answered_and_forgotten(
    tier: CallingTwilio, sendgrid: CallingSendGrid, redis_url: str, events: list
) -> None:
    assert sendgrid.call(tier.app, events).status_code == 204
    assert queued(redis_url, Queue.FALLBACK) == []


def test_what_sendgrid_did_not_sign_is_refused(tier: CallingTwilio, sendgrid: CallingSendGrid, redis_url: str) -> None:
    body = b"[]"
    genuine = sendgrid.headers(body)
    forged = [
        ({}, body),
        (genuine, b"[ ]"),
        ({**genuine, "X-Twilio-Email-Event-Webhook-Timestamp": "1795435201"}, body),
        ({**genuine, "X-Twilio-Email-Event-Webhook-Signature": "nonsense"}, body),
        (CallingSendGrid().headers(body), body),
    ]
    assert [sendgrid.post(tier.app, content, headers).status_code for headers, content in forged] == [403] * 5
    assert sendgrid.post(tier.app, body, genuine).status_code == 204


def test_without_a_key_nothing_is_genuine(redis_url: str, sendgrid: CallingSendGrid) -> None:
    with webhook_tier(REDIS_URL=redis_url) as tier:
        assert sendgrid.call(tier.app, []).status_code == 403


@pytest.mark.parametrize("body", [b"", b"{}", b"not json", b'[{"event": "bounce", "step": "%s"}]' % STEP.encode()])
def test_what_is_no_list_of_events_is_malformed(tier: CallingTwilio, sendgrid: CallingSendGrid, body: bytes) -> None:
    assert sendgrid.call(tier.app, body).status_code == 400


def test_a_batch_may_be_larger_than_a_callback_and_not_endless(tier: CallingTwilio, sendgrid: CallingSendGrid) -> None:
    assert sendgrid.call(tier.app, [an_event("x", padding="x" * 700_000)]).status_code == 204
    assert sendgrid.call(tier.app, [an_event("x", padding="x" * 1_100_000)]).status_code == 413


def test_a_broker_that_is_away_is_no_false_204(sendgrid: CallingSendGrid) -> None:
    with webhook_tier(SENDGRID_WEBHOOK_PUBLIC_KEY=sendgrid.public_key) as tier:
        assert sendgrid.call(tier.app, [an_event(STEP)]).status_code == 503


@pytest.mark.parametrize("key", ["nonsense", "AAAA", "é"])
def test_a_wrong_key_is_named_at_the_start(key: str) -> None:
    with pytest.raises(InvalidSettings) as refusal, webhook_tier(SENDGRID_WEBHOOK_PUBLIC_KEY=key):
        pass
    assert refusal.value.setting == "SENDGRID_WEBHOOK_PUBLIC_KEY"
