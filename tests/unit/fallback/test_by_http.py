"""Signed calls: what they carry, what each answer means, and where they do not go."""

import hashlib
import hmac
import json

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.fallback.by_http import ByHttp
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.policies.receivers import Receiver
from messaging_pipeline.signed_calls.calling import SignedCalls
from tests.support.factories import RECIPIENT
from tests.support.leaving import MESSAGE_ID, leaving
from tests.support.stand_in import Script, answering, closing, never_answering, resetting, stand_in

SECRET = "only-the-desk-and-we-know-it"
CALL = {"channel": "http", "to": "desk"}


def called(url: str, clock: ManualClock, *, private: bool = True, tenant: str = "default", **changes: object) -> Posted:
    receiver = Receiver(url, "env:DESK_SECRET", tenant, private, 0.3)
    return ByHttp(SignedCalls({"desk": receiver}, {"desk": SECRET}, clock)).send(leaving(CALL, **changes))


def test_a_call_is_signed_and_says_what_happened(clock: ManualClock) -> None:
    with stand_in(answering(204)) as server:
        assert called(f"{server.url}/calls", clock).state == "sent"
    (request,) = server.requests
    timestamp = request.headers["messaging-timestamp"]
    proof = hmac.new(SECRET.encode(), f"{timestamp}.{request.body}".encode(), hashlib.sha256).hexdigest()
    assert request.headers["messaging-signature"] == f"v1={proof}"
    assert timestamp == str(int(clock.now().timestamp()))
    assert request.headers["idempotency-key"] == f"{MESSAGE_ID}-1"
    assert request.target == "/calls"
    assert json.loads(request.body) == {
        "step": f"{MESSAGE_ID}-1",
        "message_id": str(MESSAGE_ID),
        "tenant": "default",
        "service": "default",
        "cause": "undelivered",
        "error_code": 30006,
        "tags": {"booking": "4711"},
        "to": RECIPIENT,
        "body": "Your table is ready.",
        "media_urls": [],
    }


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (answering(200), "sent"),
        (answering(299), "sent"),
        (answering(301, headers={"Location": "http://127.0.0.1:9/"}), "refused"),
        (answering(307, headers={"Location": "http://127.0.0.1:9/"}), "refused"),
        (answering(400), "refused"),
        (answering(404), "refused"),
        (answering(408), "unconfirmed"),
        (answering(429), "not_sent"),
        (answering(500), "unconfirmed"),
        (answering(503), "unconfirmed"),
        (closing, "unconfirmed"),
        (resetting, "unconfirmed"),
        (never_answering, "unconfirmed"),
        (answering(200, "x", missing_bytes=1_000_000), "sent"),
    ],
)
def test_each_answer_means_one_thing(script: Script, state: str, clock: ManualClock) -> None:
    with stand_in(script) as server:
        assert called(server.url, clock).state == state
    assert len(server.requests) == 1


def test_a_closed_door_was_certainly_not_reached(clock: ManualClock) -> None:
    with stand_in(closing) as server:
        pass
    assert called(server.url, clock).state == "not_sent"


def test_a_private_address_is_not_called_unless_the_configuration_allows_it(clock: ManualClock) -> None:
    with stand_in(answering(200)) as server:
        for host in ("127.0.0.1", "localhost"):
            url = f"https://{host}:{server.port}/"
            told = called(url, clock, private=False)
            assert told.state == "refused"
            assert "private_addresses" in told.explanation
    assert server.requests == []


def test_a_receiver_of_another_tenant_is_nobody(clock: ManualClock) -> None:
    assert called("https://example.com/", clock, tenant="acme").state == "refused"


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "http://example.com/"},
        {"url": "ftp://example.com/"},
        {"url": "https://user@example.com/"},
        {"secret": "plain"},
        {"timeout_seconds": 0},
    ],
)
def test_a_wrong_receiver_is_refused(changes: dict) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - pydantic's own
        Receiver(**{"url": "https://example.com/", "secret": "env:X", **changes})
