"""The simulator's receiver of signed calls: it believes what our documentation says how to check, and nothing else."""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
import urllib3

from messaging_pipeline.simulator.configuration import StandIns
from tests.support.simulated_twilio import SimulatedTwilio, Start

SECRET = StandIns().receiver_secret
BODY = json.dumps({"message_id": "01a2", "cause": "undelivered"}).encode()


def call(twilio: SimulatedTwilio, body: bytes = BODY, *, secret: str = SECRET, age: int = 0, key: str = "one") -> int:
    """Call the receiver as the channel `http` does; return the status of its answer."""
    return answered(twilio, body, secret=secret, age=age, key=key).status


def answered(
    twilio: SimulatedTwilio, body: bytes, *, secret: str = SECRET, age: int = 0, key: str = "one"
) -> urllib3.BaseHTTPResponse:
    timestamp = str(int(time.time()) - age)
    proof = hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"Idempotency-Key": key, "Messaging-Timestamp": timestamp, "Messaging-Signature": f"v1={proof}"}
    with urllib3.PoolManager() as pool:
        return pool.request("POST", twilio.url + "/receivers/oncall", body=body, headers=headers)


def seen(twilio: SimulatedTwilio) -> list[dict[str, Any]]:
    return [{name: one[name] for name in one if name != "received_at"} for one in twilio.control.signed_calls()]


def test_a_genuine_call_is_taken_once_however_often_it_comes(twilio: SimulatedTwilio) -> None:
    assert [call(twilio), call(twilio)] == [204, 204]
    assert seen(twilio) == [
        {"receiver": "oncall", "idempotency_key": "one", "is_genuine": True, "document": json.loads(BODY)}
    ]


@pytest.mark.parametrize("forged", [{"secret": "guessed"}, {"age": 301}, {"age": -301}])
def test_a_forged_or_old_call_is_refused_and_seen(twilio: SimulatedTwilio, forged: dict[str, Any]) -> None:
    assert call(twilio, **forged) == 401
    assert [one["is_genuine"] for one in seen(twilio)] == [False]
    assert call(twilio) == 204


def test_a_call_without_any_signature_is_refused(twilio: SimulatedTwilio) -> None:
    with urllib3.PoolManager() as pool:
        assert pool.request("POST", twilio.url + "/receivers/oncall", body=BODY).status == 401


def test_a_call_that_is_no_json_is_refused_and_not_kept(twilio: SimulatedTwilio) -> None:
    assert call(twilio, b"to=somebody") == 400
    assert seen(twilio) == []


def test_the_secret_is_a_setting(start: Start) -> None:
    twilio = start(stand_ins=StandIns(receiver_secret="another"))
    assert (call(twilio), call(twilio, secret="another")) == (401, 204)


def test_what_a_keyword_calls_for_is_answered_with_a_reply(twilio: SimulatedTwilio) -> None:
    answer = answered(twilio, json.dumps({"word": "ack", "argument": "INC-2048"}).encode())
    assert (answer.status, answer.json()) == (200, {"reply": "ACK INC-2048: we are looking into it."})
