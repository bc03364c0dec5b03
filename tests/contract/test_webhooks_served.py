"""The webhook tier as it runs: a process of its own, Granian, a real socket."""

import json
import socket
from urllib.parse import urlencode
from uuid import uuid4

from messaging_pipeline.queues import Queue
from tests.support.factories import AUTH_TOKEN
from tests.support.queued import all_queued, queued
from tests.support.served_tier import PATIENCE_SECONDS, a_free_port, served, start
from tests.support.webhook_tier import FORM_TYPE, a_status, an_inbound

TOO_LONG = 64 * 1024 + 1


def test_it_takes_callbacks_over_a_real_socket_and_ends_well_when_told(redis_url: str) -> None:
    message_id = uuid4()
    with served(redis_url, a_free_port()) as tier:
        assert tier.request("GET", "/readyz").status == 200
        status = f"/twilio/status/{message_id}?escaped=%3A%40%7E&plus=+"
        assert tier.call(status, a_status()).status == 204
        assert tier.call("/twilio/status", a_status(), in_chunks=True).status == 204
        assert tier.call("/twilio/inbound", an_inbound(Body="Ça va? 你好 🎉")).status == 200
        assert tier.call("/twilio/status", a_status(Padding="x" * TOO_LONG)).status == 413
        assert tier.call("/twilio/status", a_status(Padding="x" * TOO_LONG), in_chunks=True).status == 413
        assert tier.request("POST", "/twilio/status", urlencode(a_status()), {"Content-Type": FORM_TYPE}).status == 403
        assert tier.request("GET", "/twilio/status").status == 405
        assert tier.stop() == 0
    assert all_queued(redis_url) == {"status": 2, "inbound": 1}
    first, second = (task.arguments["reports"][0]["message_id"] for task in queued(redis_url, Queue.STATUS))
    assert (first, second) == (str(message_id), None)


def test_it_starts_without_a_broker_and_asks_twilio_to_come_again() -> None:
    with served("redis://127.0.0.1:9/0", a_free_port()) as tier:
        assert tier.request("GET", "/healthz").status == 200
        assert tier.call("/twilio/status", a_status()).status == 503
        assert tier.call("/twilio/inbound", an_inbound()).status == 503
        assert tier.stop() == 0


def test_one_that_was_killed_leaves_its_port_to_the_next(redis_url: str) -> None:
    port = a_free_port()
    with served(redis_url, port) as killed:
        killed.process.kill()
        killed.wait_until_nobody_listens()
    with served(redis_url, port) as following:
        assert following.call("/twilio/status", a_status()).status == 204
        assert following.stop() == 0


def test_a_callback_in_hand_is_taken_when_it_is_told_to_end_and_nobody_is_let_in_afterwards(redis_url: str) -> None:
    with served(redis_url, a_free_port()) as tier, tier.half_a_call("/twilio/status", a_status()) as call:
        tier.process.terminate()
        tier.wait_until_it_begins_to_end()
        assert call.finish().status == 204
        tier.wait_until_nobody_listens()
        assert tier.process.wait(PATIENCE_SECONDS) == 0
    assert all_queued(redis_url) == {"status": 1}


def test_a_caller_who_never_ends_does_not_keep_it_from_ending(redis_url: str) -> None:
    with served(redis_url, a_free_port()) as tier, tier.half_a_call("/twilio/status", a_status()):
        assert tier.stop() == 0
    assert all_queued(redis_url) == {}


def test_what_it_writes_is_lines_of_json_without_a_number_or_a_token(redis_url: str) -> None:
    message_id = str(uuid4())
    with served(redis_url, a_free_port(), MESSAGING_LOG_FORMAT="json") as tier:
        tier.call(f"/twilio/status/{message_id}", a_status(ErrorCode="+15558675310"))
        tier.request("POST", "/twilio/inbound?From=%2B15558675310", urlencode(an_inbound()))
        assert tier.stop() == 0
        written = tier.process.communicate()[0]
    lines = [json.loads(line) for line in written.splitlines()]
    assert "_granian" in {line["logger"] for line in lines}
    assert [line.get("message_id") for line in lines if "callback refused" in line["event"]] == [message_id]
    assert [line.get("message_id") for line in lines if "signature refused" in line["event"]] == [None]
    assert "5558675310" not in written
    assert AUTH_TOKEN not in written


def test_wrong_settings_are_one_sentence_and_exit_code_2() -> None:
    with start(TWILIO_STATUS_CALLBACK_PUBLIC_URL=None) as process:
        written, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 2
    (sentence,) = written.splitlines()
    assert sentence.startswith("webhooks: TWILIO_STATUS_CALLBACK_PUBLIC_URL: is not set")
    assert "set it to" in sentence


def test_a_port_that_somebody_listens_on_is_refused(redis_url: str) -> None:
    with (
        socket.create_server(("127.0.0.1", 0), reuse_port=True) as other,
        start(REDIS_URL=redis_url, PORT=str(other.getsockname()[1])) as process,
    ):
        written, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 2
    (sentence,) = written.splitlines()
    assert sentence.startswith("webhooks: PORT: ")
