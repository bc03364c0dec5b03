"""The ways to call a handler: what it is told, and what each thing that it does means."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.keyword_handlers.call import KeywordCall, NotHandled, WrongReply, token_of
from messaging_pipeline.keyword_handlers.ways import ByPython, ByReceiver
from messaging_pipeline.policies.receivers import Receiver
from messaging_pipeline.signed_calls.calling import SignedCalls
from messaging_pipeline.signed_calls.signature import signature
from tests.support.factories import RECIPIENT
from tests.support.stand_in import Script, answering, closing, never_answering, resetting, stand_in

SECRET = "only-the-shop-and-we-know-it"
CALL = KeywordCall("default", "alerts", RECIPIENT, "status", "4711 now", "SM1", token_of("SM1"))
TOLD = {
    "tenant": "default",
    "service": "alerts",
    "number": RECIPIENT,
    "word": "status",
    "argument": "4711 now",
    "sid": "SM1",
    "token": "keyword-SM1",
}


def by_receiver(url: str, clock: ManualClock, *, tenant: str = "default", private: bool = True) -> str | None:
    receiver = Receiver(url, "env:SHOP", tenant, private, 0.3)
    return ByReceiver(SignedCalls({"shop": receiver}, {"shop": SECRET}, clock), "shop").handle(CALL)


def test_a_receiver_gets_a_signed_call_with_the_token(clock: ManualClock) -> None:
    with stand_in(answering(200, {"reply": "It is on its way."})) as server:
        assert by_receiver(server.url + "/keywords", clock) == "It is on its way."
    (request,) = server.requests
    assert (request.target, json.loads(request.body)) == ("/keywords", TOLD)
    assert request.headers["idempotency-key"] == "keyword-SM1"
    timestamp = request.headers["messaging-timestamp"]
    assert request.headers["messaging-signature"] == signature(SECRET, timestamp, request.body.encode())


@pytest.mark.parametrize(
    "script",
    [
        answering(204),
        answering(200, ""),
        answering(200, " \n"),
        answering(200, {}),
        answering(200, {"reply": None}),
        answering(200, {"reply": ""}),
        answering(200, {"answer": "this is not what we read"}),
    ],
)
def test_a_receiver_need_not_say_anything(script: Script, clock: ManualClock) -> None:
    with stand_in(script) as server:
        assert by_receiver(server.url, clock) is None


@pytest.mark.parametrize(
    ("script", "word"),
    [
        (answering(200, "<html>"), "no JSON"),
        (answering(200, ["reply"]), "no JSON object"),
        (answering(200, {"reply": 5}), "no text"),
        (answering(200, {"reply": "x" * 1601}), "1 to 1600"),
        (answering(200, {"reply": "  "}), "1 to 1600"),
        (answering(200, {"reply": "a\x00b"}), "control character"),
        (answering(200, {"reply": "\ud800"}), "control character"),
        (answering(200, "x" * 65_537), "too long"),
        (answering(200, '{"rep', missing_bytes=10), "broke off"),
    ],
)
def test_a_reply_that_cannot_be_sent_is_named_and_the_call_has_worked(
    script: Script, word: str, clock: ManualClock
) -> None:
    with stand_in(script) as server, pytest.raises(WrongReply, match=word):
        by_receiver(server.url, clock)


@pytest.mark.parametrize(
    ("script", "again"),
    [
        (answering(301, headers={"Location": "http://127.0.0.1:9/"}), False),
        (answering(400), False),
        (answering(404), False),
        (answering(410), False),
        (answering(408), True),
        (answering(409), True),
        (answering(429), True),
        (answering(500), True),
        (answering(503), True),
        (closing, True),
        (resetting, True),
        (never_answering, True),
    ],
)
def test_a_call_that_did_not_work_is_made_again_where_it_may_work_later(
    script: Script, again: bool, clock: ManualClock
) -> None:
    with stand_in(script) as server, pytest.raises(NotHandled) as error:
        by_receiver(server.url, clock)
    assert error.value.again is again
    assert len(server.requests) == 1


def test_a_receiver_that_is_another_tenants_or_inside_is_not_called(clock: ManualClock) -> None:
    with stand_in(answering(200)) as server:
        with pytest.raises(NotHandled, match="no receiver"):
            by_receiver(server.url, clock, tenant="acme")
        with pytest.raises(NotHandled, match="private_addresses") as error:
            by_receiver(f"https://127.0.0.1:{server.port}", clock, private=False)
        assert (server.requests, error.value.again) == ([], False)


def test_a_function_is_told_everything_and_its_text_is_the_reply() -> None:
    seen: list[KeywordCall] = []

    def shop(call: KeywordCall) -> str:
        seen.append(call)
        return f"{call.words[0]} is on its way."

    assert ByPython(shop).handle(CALL) == "4711 is on its way."
    assert (seen, CALL.as_json()) == ([CALL], TOLD)


@pytest.mark.parametrize("said", [5, b"bytes", ["a"], "x" * 1601, "\x07"])
def test_a_function_that_returns_no_text_has_worked_and_answers_nothing(said: object) -> None:
    with pytest.raises(WrongReply) as error:
        ByPython(lambda call: said).handle(CALL)
    assert str(said)[:5] not in str(error.value)


def raising(error: Exception) -> Callable[[Any], str]:
    def function(call: Any) -> str:
        raise error

    return function


def test_of_what_a_function_raises_only_the_types_name_is_kept() -> None:
    with pytest.raises(NotHandled) as error:
        ByPython(raising(LookupError(f"{RECIPIENT} wrote 4711"))).handle(CALL)
    assert (str(error.value), error.value.again) == ("the function has raised LookupError", True)
    assert error.value.__cause__ is None
    assert error.value.__suppress_context__


def test_neither_number_nor_argument_is_in_a_calls_representation() -> None:
    assert [secret for secret in (RECIPIENT, "4711") if secret in repr(CALL)] == []
