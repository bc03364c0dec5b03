"""Status callbacks at the door: what Twilio posts, what it is answered, and exactly what goes to the broker."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import uuid4

import pytest
from redis import Redis

from messaging_pipeline.queues import Queue
from tests.plugins.runtimes import ACME_ACCOUNT_SID, TWO_TENANTS
from tests.support.factories import configuration_file
from tests.support.metric_deltas import Counting, callbacks
from tests.support.queued import QueuedTask, all_queued, queued
from tests.support.twilio_vectors import recorded
from tests.support.webhook_tier import NOON, CallingTwilio, a_status, webhook_tier

SID = "SM" + "1" * 32


@pytest.fixture
def twilio(redis_url: str) -> Iterator[CallingTwilio]:
    with webhook_tier(REDIS_URL=redis_url) as twilio:
        yield twilio


def reports(redis_url: str) -> list[dict]:
    """The reports in the status queue, the oldest first, whatever groups they came in."""
    return [report for task in queued(redis_url, Queue.STATUS) for report in task.arguments["reports"]]


def the_task(redis_url: str) -> QueuedTask:
    (task,) = queued(redis_url, Queue.STATUS)
    return task


def test_a_callback_is_answered_with_204_and_lies_in_the_status_queue(twilio: CallingTwilio, redis_url: str) -> None:
    message_id = uuid4()
    answer = twilio.call(f"/twilio/status/{message_id}", a_status())
    assert (answer.status_code, answer.data) == (204, b"")
    assert all_queued(redis_url) == {"status": 1}
    assert the_task(redis_url).name == "messaging.apply_statuses"
    assert the_task(redis_url).arguments == {
        "reports": [
            {
                "message_id": str(message_id),
                "attempt": 1,
                "tenant": "default",
                "sid": SID,
                "status": "delivered",
                "error_code": None,
                "received_at": NOON.isoformat(),
            }
        ]
    }


def test_no_number_and_no_text_of_the_form_is_passed_on(twilio: CallingTwilio, redis_url: str) -> None:
    form = a_status(ErrorMessage="they said no", ChannelStatusMessage="secret channel words", Body="a private matter")
    twilio.call("/twilio/status", form)
    text = the_task(redis_url).text
    for private in ("15017250604", "15558675310", "they said no", "secret channel words", "a private matter"):
        assert private not in text


@pytest.mark.parametrize("form", recorded("webhooks")["status_callbacks"], ids=lambda form: form["MessageStatus"])
def test_every_recorded_callback_is_taken(twilio: CallingTwilio, redis_url: str, form: dict[str, str]) -> None:
    assert twilio.call("/twilio/status", form).status_code == 204
    (report,) = reports(redis_url)
    assert report["status"] == form["MessageStatus"]
    assert report["error_code"] == (int(form["ErrorCode"]) if "ErrorCode" in form else None)


@pytest.mark.parametrize("form", recorded("webhooks")["status_callbacks"], ids=lambda form: form["MessageStatus"])
def test_no_number_of_a_recorded_callback_reaches_the_broker(
    twilio: CallingTwilio, redis_url: str, form: dict[str, str]
) -> None:
    twilio.call(f"/twilio/status/{uuid4()}", form)
    text = the_task(redis_url).text
    assert form["To"].rpartition("+")[2] not in text
    assert form["From"].rpartition("+")[2] not in text


def test_without_a_message_in_the_path_the_sid_must_do(twilio: CallingTwilio, redis_url: str) -> None:
    twilio.call("/twilio/status", a_status())
    (report,) = reports(redis_url)
    assert (report["message_id"], report["sid"]) == (None, SID)


def test_a_message_id_in_capitals_is_the_same_id(twilio: CallingTwilio, redis_url: str) -> None:
    message_id = uuid4()
    assert twilio.call(f"/twilio/status/{str(message_id).upper()}", a_status()).status_code == 204
    (report,) = reports(redis_url)
    assert report["message_id"] == str(message_id)


def test_the_names_of_old_serve_when_the_new_ones_are_missing(twilio: CallingTwilio, redis_url: str) -> None:
    assert twilio.call("/twilio/status", a_status(MessageSid=None, MessageStatus=None)).status_code == 204
    (report,) = reports(redis_url)
    assert (report["sid"], report["status"]) == (SID, "delivered")


def test_a_word_that_we_do_not_know_is_taken_too_for_the_worker_to_count(twilio: CallingTwilio, redis_url: str) -> None:
    assert twilio.call("/twilio/status", a_status(MessageStatus="teleported")).status_code == 204
    assert reports(redis_url)[0]["status"] == "teleported"


def test_fields_that_twilio_adds_without_notice_do_no_harm(twilio: CallingTwilio, redis_url: str) -> None:
    form = a_status(NewField="", Another="Grüße, 世界 🎉", **{"Odd name[]": "a&b=c+d%20"})
    assert twilio.call("/twilio/status", form).status_code == 204


def test_a_repeated_field_counts_with_its_first_value(twilio: CallingTwilio, redis_url: str) -> None:
    fields = [*a_status(MessageStatus="sent").items(), ("MessageStatus", "delivered"), ("To", "+15558675311")]
    assert twilio.call("/twilio/status", fields).status_code == 204
    assert reports(redis_url)[0]["status"] == "sent"


def test_a_callback_is_counted_and_timed(twilio: CallingTwilio) -> None:
    taken, timed = callbacks("taken"), Counting("messaging_callback_seconds_count", route="status")
    twilio.call("/twilio/status", a_status())
    assert (taken.count, timed.count) == (1, 1)


def test_a_tenants_callback_carries_its_tenant(redis_url: str, tmp_path: Path) -> None:
    message_id = uuid4()
    with webhook_tier(REDIS_URL=redis_url, MESSAGING_CONFIG=configuration_file(tmp_path, TWO_TENANTS)) as twilio:
        form = a_status(AccountSid=ACME_ACCOUNT_SID)
        answer = twilio.with_token("token-of-acme").call(f"/twilio/t/acme/status/{message_id}", form)
    assert answer.status_code == 204
    (report,) = reports(redis_url)
    assert (report["tenant"], report["message_id"]) == ("acme", str(message_id))


def test_many_callbacks_at_once_all_lie_in_the_queue_when_they_are_answered(
    twilio: CallingTwilio, redis_url: str
) -> None:
    ids = [str(uuid4()) for _ in range(60)]
    with ThreadPoolExecutor(12) as callers:
        answers = list(callers.map(lambda one: twilio.call(f"/twilio/status/{one}", a_status()).status_code, ids))
    assert answers == [204] * len(ids)
    assert sorted(report["message_id"] for report in reports(redis_url)) == sorted(ids)


def test_a_broker_that_was_wiped_meanwhile_takes_the_next_callback(twilio: CallingTwilio, redis_url: str) -> None:
    twilio.call("/twilio/status", a_status())
    with Redis.from_url(redis_url) as broker:
        broker.flushdb()
    answer = twilio.call("/twilio/status", a_status())
    assert (answer.status_code, len(reports(redis_url))) == (204, 1)
