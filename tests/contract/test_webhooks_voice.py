"""Voice callbacks at the door: a missed call becomes a text in the accept queue, anything else nothing."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline.queues import Queue
from tests.plugins.runtimes import ACME_ACCOUNT_SID, TWO_TENANTS
from tests.support.factories import SERVICE_SID, configuration_file
from tests.support.metric_deltas import callbacks
from tests.support.queued import all_queued, queued
from tests.support.webhook_tier import CallingTwilio, webhook_tier

CALL_SID = "CA" + "3" * 32
TEXT = "Sorry, we missed your call."
ANSWERING = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"
missed_call_text = "{TEXT}"
"""
OF_A_NUMBER = '[services.desk]\nfrom_number = "+15017250604"\nmissed_call_text = "The desk is closed."\n'

Tier = Callable[..., CallingTwilio]


@pytest.fixture
def tier(redis_url: str, tmp_path: Path) -> Iterator[Tier]:
    with ExitStack() as stack:

        def make(config: str = ANSWERING, **changes: str | None) -> CallingTwilio:
            path = configuration_file(tmp_path, config)
            return stack.enter_context(webhook_tier(REDIS_URL=redis_url, MESSAGING_CONFIG=path, **changes))

        yield make


def a_call(**changes: str | None) -> dict[str, str]:
    """The end of a call as Twilio posts it."""
    fields: dict[str, str | None] = {
        "AccountSid": "AC" + "a" * 32,
        "ApiVersion": "2010-04-01",
        "CallSid": CALL_SID,
        "CallStatus": "no-answer",
        "Direction": "inbound",
        "From": "+15558675310",
        "To": "+15017250604",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def the_send(redis_url: str) -> dict[str, Any]:
    (task,) = queued(redis_url, Queue.ACCEPT)
    assert task.name == "messaging.send"
    return dict(task.arguments)


def test_a_missed_call_becomes_a_text_to_the_caller(tier: Tier, redis_url: str) -> None:
    taken = callbacks("taken", route="voice")
    answer = tier().call("/twilio/voice", a_call())
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    assert answer.text.endswith("<Response/>")
    assert the_send(redis_url) == {
        "to": "+15558675310",
        "body": TEXT,
        "service": "default",
        "tenant": "default",
        "idempotency_key": CALL_SID,
        "tags": {"intent": "reply"},
    }
    assert taken.count == 1


@pytest.mark.parametrize("status", ["no-answer", "busy", "failed", "canceled"])
@pytest.mark.parametrize("field", ["CallStatus", "DialCallStatus"])
def test_every_way_to_miss_a_call_counts(tier: Tier, redis_url: str, field: str, status: str) -> None:
    tier().call("/twilio/voice", a_call(**{"CallStatus": "in-progress", field: status}))
    assert all_queued(redis_url) == {"accept": 1}


@pytest.mark.parametrize(
    "changes",
    [
        {"CallStatus": "completed"},
        {"CallStatus": "ringing"},
        {"CallStatus": None},
        {"DialCallStatus": "completed"},
        {"Direction": "outbound-api"},
        {"Direction": "outbound-dial"},
        {"From": "anonymous"},
        {"From": "+266696687"},
        {"From": "+86282452253"},
        {"From": "client:ada"},
        {"From": ""},
        {"From": None},
    ],
)
def test_what_is_no_missed_call_of_somebody_with_a_number_is_answered_and_no_more(
    tier: Tier, redis_url: str, changes: dict[str, str | None]
) -> None:
    assert tier().call("/twilio/voice", a_call(**changes)).status_code == 200
    assert all_queued(redis_url) == {}


def test_the_service_whose_number_was_called_answers(tier: Tier, redis_url: str) -> None:
    tier(ANSWERING + OF_A_NUMBER).call("/twilio/voice", a_call())
    assert (the_send(redis_url)["service"], the_send(redis_url)["body"]) == ("desk", "The desk is closed.")


def test_the_service_without_a_number_answers_for_the_others(tier: Tier, redis_url: str) -> None:
    tier(ANSWERING + OF_A_NUMBER).call("/twilio/voice", a_call(To="+15017250605"))
    assert the_send(redis_url)["service"] == "default"


@pytest.mark.parametrize(
    "config",
    [
        f'[services.default]\nmessaging_service_sid = "{SERVICE_SID}"\n',
        OF_A_NUMBER.replace("0604", "0605"),
    ],
    ids=["no text", "another number"],
)
def test_where_no_service_answers_nothing_is_sent(tier: Tier, redis_url: str, config: str) -> None:
    assert tier(config).call("/twilio/voice", a_call()).status_code == 200
    assert all_queued(redis_url) == {}


@pytest.mark.parametrize("sid", [None, "", "CA1", "SM" + "3" * 32, CALL_SID + "0"])
def test_a_call_without_a_sid_of_its_own_is_malformed(tier: Tier, redis_url: str, sid: str | None) -> None:
    answer = tier().call("/twilio/voice", a_call(CallSid=sid))
    assert (answer.status_code, all_queued(redis_url)) == (400, {})
    assert "CallSid" in answer.text


def test_who_does_not_sign_makes_nobody_send(tier: Tier, redis_url: str) -> None:
    assert tier().with_token("somebody else's").call("/twilio/voice", a_call()).status_code == 403
    assert all_queued(redis_url) == {}


def test_twilio_signs_voice_callbacks_without_the_port(tier: Tier, redis_url: str) -> None:
    public = "https://sms.example.com:8443"
    twilio = tier(TWILIO_STATUS_CALLBACK_PUBLIC_URL=f"{public}/twilio/status")
    answer = twilio.call("/twilio/voice", a_call(), as_seen="https://sms.example.com/twilio/voice")
    assert answer.status_code == 200
    assert all_queued(redis_url) == {"accept": 1}


def test_a_broker_that_is_away_is_said(tmp_path: Path) -> None:
    path = configuration_file(tmp_path, ANSWERING)
    with webhook_tier(REDIS_URL="redis://127.0.0.1:9/0", MESSAGING_CONFIG=path) as twilio:
        assert twilio.call("/twilio/voice", a_call()).status_code == 503


def test_a_tenants_calls_are_answered_by_its_own_services(tier: Tier, redis_url: str) -> None:
    theirs = TWO_TENANTS + 'missed_call_text = "Acme is closed."\n'
    twilio = tier(theirs + ANSWERING).with_token("token-of-acme")
    assert (
        twilio.call("/twilio/t/acme/voice", a_call(To="+15005550006", AccountSid=ACME_ACCOUNT_SID)).status_code == 200
    )
    assert (the_send(redis_url)["tenant"], the_send(redis_url)["service"]) == ("acme", "acme-alerts")


def test_calls_may_come_in_at_an_address_of_their_own(tier: Tier, redis_url: str) -> None:
    twilio = tier(TWILIO_VOICE_WEBHOOK_PUBLIC_URL="https://calls.example.com/twilio/voice")
    assert twilio.call("/twilio/voice", a_call()).status_code == 403
    answer = twilio.call("/twilio/voice", a_call(), as_seen="https://calls.example.com/twilio/voice")
    assert (answer.status_code, all_queued(redis_url)) == (200, {"accept": 1})


BOTH_ANSWER = TWO_TENANTS + 'missed_call_text = "Acme is closed."\n' + ANSWERING


def test_without_a_tenant_in_the_path_the_account_says_whose_call_it_was(tier: Tier, redis_url: str) -> None:
    twilio = tier(BOTH_ANSWER).with_token("token-of-acme")
    assert twilio.call("/twilio/voice", a_call(To="+15005550006", AccountSid=ACME_ACCOUNT_SID)).status_code == 200
    assert (the_send(redis_url)["tenant"], the_send(redis_url)["body"]) == ("acme", "Acme is closed.")


@pytest.mark.parametrize("target", ["/twilio/voice", "/twilio/t/default/voice", "/twilio/t/acme/voice"])
def test_a_tenant_makes_nobody_else_answer_a_call(tier: Tier, redis_url: str, target: str) -> None:
    """Its own token signs well, but the account in the form is not its own."""
    twilio = tier(BOTH_ANSWER).with_token("token-of-acme")
    assert twilio.call(target, a_call()).status_code == 403
    assert all_queued(redis_url) == {}


def test_a_call_to_anothers_number_is_answered_by_nobody_else(tier: Tier, redis_url: str) -> None:
    others = OF_A_NUMBER.replace("+15017250604", "+15017250699")
    twilio = tier(TWO_TENANTS + 'missed_call_text = "Acme is closed."\n' + others).with_token("token-of-acme")
    form = a_call(To="+15017250699", AccountSid=ACME_ACCOUNT_SID)
    assert (twilio.call("/twilio/t/acme/voice", form).status_code, all_queued(redis_url)) == (200, {})
