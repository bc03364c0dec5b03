"""Inbound messages at the door: sealed before they reach the broker, answered with empty TwiML."""

import json
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from messaging_pipeline.queues import Queue
from messaging_pipeline.sealing import Sealer
from tests.plugins.runtimes import ACME_ACCOUNT_SID, TWO_TENANTS
from tests.support.factories import ENCRYPTION_KEY, configuration_file
from tests.support.metric_deltas import callbacks
from tests.support.queued import QueuedTask, all_queued, queued
from tests.support.twilio_vectors import recorded
from tests.support.webhook_tier import NOON, CallingTwilio, an_inbound, webhook_tier


@pytest.fixture
def twilio(redis_url: str) -> Iterator[CallingTwilio]:
    with webhook_tier(REDIS_URL=redis_url) as twilio:
        yield twilio


def the_task(redis_url: str) -> QueuedTask:
    (task,) = queued(redis_url, Queue.INBOUND)
    return task


def unsealed(task: QueuedTask) -> list[list[str]]:
    pairs: list[list[str]] = Sealer([ENCRYPTION_KEY]).unseal(task.arguments["sealed_form"].encode())
    return pairs


@pytest.mark.parametrize("target", ["/twilio/inbound", "/twilio/fallback", "/twilio/t/default/inbound"])
def test_an_inbound_message_is_answered_with_empty_twiml(twilio: CallingTwilio, redis_url: str, target: str) -> None:
    taken = callbacks("taken", route="inbound")
    answer = twilio.call(target, an_inbound())
    assert (answer.status_code, answer.mimetype) == (200, "text/xml")
    response = ET.fromstring(answer.text)
    assert (response.tag, len(response), response.text) == ("Response", 0, None)
    assert all_queued(redis_url) == {"inbound": 1}
    assert taken.count == 1


@pytest.mark.parametrize("form", recorded("webhooks")["inbound"], ids=lambda form: form["Body"] or "media")
def test_every_recorded_message_lies_sealed_in_the_inbound_queue(
    twilio: CallingTwilio, redis_url: str, form: dict[str, str]
) -> None:
    twilio.call("/twilio/inbound", form)
    task = the_task(redis_url)
    assert task.name == "messaging.receive"
    assert {**task.arguments, "sealed_form": "…"} == {
        "tenant": "default",
        "sealed_form": "…",
        "received_at": NOON.isoformat(),
    }
    assert unsealed(task) == [[name, value] for name, value in form.items()]


@pytest.mark.parametrize("form", recorded("webhooks")["inbound"], ids=lambda form: form["Body"] or "media")
def test_nothing_of_a_recorded_message_lies_in_the_broker_in_clear(
    twilio: CallingTwilio, redis_url: str, form: dict[str, str]
) -> None:
    twilio.call("/twilio/inbound", form)
    text = the_task(redis_url).text
    private = [form["From"][1:], form["To"][1:], form["MessageSid"], form["Body"], form.get("MediaUrl0", "")]
    for value in filter(None, private):
        assert value not in text
        assert json.dumps(value)[1:-1] not in text


def test_repeated_and_empty_fields_are_all_kept(twilio: CallingTwilio, redis_url: str) -> None:
    fields = [*an_inbound(Body="").items(), ("Tag", "a"), ("Tag", "b"), ("Tag", "a"), ("Tag", "")]
    assert twilio.call("/twilio/inbound", fields).status_code == 200
    assert unsealed(the_task(redis_url)) == [list(pair) for pair in fields]


def test_a_text_in_any_script_comes_through_as_it_was_written(twilio: CallingTwilio, redis_url: str) -> None:
    body = "  Ça va? Grüße, 你好 🎉👩🏽 \r\n\t& = + % \x00 "
    twilio.call("/twilio/inbound", an_inbound(Body=body))
    assert dict(unsealed(the_task(redis_url)))["Body"] == body


def test_a_message_named_in_the_old_way_is_taken(twilio: CallingTwilio, redis_url: str) -> None:
    assert twilio.call("/twilio/inbound", an_inbound(MessageSid=None)).status_code == 200
    assert all_queued(redis_url) == {"inbound": 1}


def test_a_message_without_a_sid_is_malformed(twilio: CallingTwilio, redis_url: str) -> None:
    malformed = callbacks("malformed", route="inbound")
    answer = twilio.call("/twilio/inbound", an_inbound(MessageSid=None, SmsSid=None))
    assert answer.status_code == 400
    assert "MessageSid" in answer.text
    assert all_queued(redis_url) == {}
    assert malformed.count == 1


def test_a_tenants_message_carries_its_tenant(redis_url: str, tmp_path: Path) -> None:
    with webhook_tier(REDIS_URL=redis_url, MESSAGING_CONFIG=configuration_file(tmp_path, TWO_TENANTS)) as twilio:
        form = an_inbound(AccountSid=ACME_ACCOUNT_SID)
        answer = twilio.with_token("token-of-acme").call("/twilio/t/acme/inbound", form)
    assert answer.status_code == 200
    assert the_task(redis_url).arguments["tenant"] == "acme"
