"""How the answer to a create fails to arrive, seen from the client and from the ledger."""

import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from messaging_pipeline.simulator.configuration import DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN, Faults
from tests.support.simulated_twilio import RECIPIENT, SERVICE, SimulatedTwilio, Start, eventually, real_client

HELD, RESET, ERROR_AFTER, TRUNCATED = "+15005551020", "+15005551021", "+15005551022", "+15005551023"
ERROR_BEFORE, THROTTLED_ONCE, THROTTLED = "+15005551024", "+15005551025", "+15005551026"


def create_of(twilio: SimulatedTwilio, to: str) -> dict[str, Any]:
    [create] = twilio.control.messages(to)["creates"]
    return dict(create)


def impatient_send(twilio: SimulatedTwilio, to: str, timeout_seconds: float = 20.0) -> None:
    client = real_client(twilio.url, timeout_seconds=timeout_seconds)
    try:
        client.messages.create(to=to, messaging_service_sid=SERVICE, body="Hello")
    finally:
        client.http_client.session.close()


def open_requests(twilio: SimulatedTwilio) -> int:
    [account] = twilio.control.state()["accounts"]
    return int(account["open_requests"])


@contextmanager
def waiting_for_an_answer(twilio: SimulatedTwilio, to: str) -> Iterator[None]:
    """Send a create, and go away at the end without having read the answer."""
    credentials = b64encode(f"{DEFAULT_ACCOUNT_SID}:{DEFAULT_AUTH_TOKEN}".encode()).decode()
    form = f"To=%2B{to[1:]}&MessagingServiceSid={SERVICE}&Body=Hello"
    request = (
        f"POST /2010-04-01/Accounts/{DEFAULT_ACCOUNT_SID}/Messages.json HTTP/1.1\r\nHost: x\r\n"
        f"Authorization: Basic {credentials}\r\nContent-Length: {len(form)}\r\n\r\n{form}"
    )
    port = urlsplit(twilio.url).port
    with socket.create_connection(("127.0.0.1", port or 0)) as connection:
        connection.sendall(request.encode())
        yield


@pytest.mark.parametrize(
    ("to", "raised", "answer"),
    [
        (HELD, requests.exceptions.ReadTimeout, "held"),
        (RESET, requests.exceptions.ConnectionError, "reset"),
        (TRUNCATED, requests.exceptions.ChunkedEncodingError, "truncated"),
    ],
)
def test_an_answer_may_be_spoilt_after_the_message_was_created(
    twilio: SimulatedTwilio, to: str, raised: type[Exception], answer: str
) -> None:
    with pytest.raises(raised):
        impatient_send(twilio, to, timeout_seconds=1.0 if to == HELD else 20.0)

    create = create_of(twilio, to)
    assert (create["created"], create["answer"], create["http_status"]) == (True, answer, 201)
    assert twilio.client.messages.list(to=to)[0].sid == create["sid"]


@pytest.mark.parametrize(("to", "created"), [(ERROR_AFTER, True), (ERROR_BEFORE, False)])
def test_a_server_error_says_nothing_about_what_was_created(twilio: SimulatedTwilio, to: str, created: bool) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio.send(to=to)

    create = create_of(twilio, to)
    assert (caught.value.status, caught.value.code) == (500, 20500)
    assert (create["created"], create["answer"]) == (
        created,
        "error_after" if created else "given",
    )
    assert len(twilio.control.messages(to)["messages"]) == int(created)


def test_a_throttled_create_is_fine_at_the_next_try(twilio: SimulatedTwilio) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio.send(to=THROTTLED_ONCE)
    twilio.send(to=THROTTLED_ONCE)

    creates = twilio.control.messages(THROTTLED_ONCE)["creates"]
    assert (caught.value.status, caught.value.code) == (429, 20429)
    assert [create["created"] for create in creates] == [False, True]


def test_tries_of_different_messages_to_the_throttled_number_are_told_apart_by_callback_url(
    twilio: SimulatedTwilio,
) -> None:
    for callback in ("http://127.0.0.1:9/a", "http://127.0.0.1:9/b"):
        with pytest.raises(TwilioRestException):
            twilio.send(to=THROTTLED_ONCE, status_callback=callback)

    assert twilio.send(to=THROTTLED_ONCE, status_callback="http://127.0.0.1:9/a").status == "accepted"


def test_one_number_is_throttled_always(twilio: SimulatedTwilio) -> None:
    for _ in range(3):
        with pytest.raises(TwilioRestException, match="Too Many Requests"):
            twilio.send(to=THROTTLED)

    assert twilio.control.state()["messages"] == 0


def test_an_account_may_have_only_so_many_requests_open(start: Start) -> None:
    twilio = start(faults=Faults(concurrency_limit=1))
    with waiting_for_an_answer(twilio, HELD):
        eventually(lambda: open_requests(twilio) == 1)
        with pytest.raises(TwilioRestException) as caught:
            twilio.send()
        assert (caught.value.status, caught.value.code) == (429, 20429)

    eventually(lambda: open_requests(twilio) == 0)
    assert twilio.send().status == "accepted"


def test_a_caller_who_goes_away_before_the_answer_is_noted(start: Start) -> None:
    twilio = start(faults=Faults(latency_ms=300_000.0))
    with waiting_for_an_answer(twilio, RECIPIENT):
        eventually(lambda: open_requests(twilio) == 1)

    eventually(lambda: open_requests(twilio) == 0)

    create = create_of(twilio, RECIPIENT)
    assert (create["created"], create["answer"]) == (True, "caller_gone")


@pytest.mark.parametrize(
    ("fault", "http_status", "creates_message"),
    [("server_error_before", 500, False), ("server_error_after", 500, True), ("throttle_burst", 429, False)],
)
def test_a_fault_at_rate_one_befalls_every_create(
    start: Start, fault: str, http_status: int, creates_message: bool
) -> None:
    twilio = start(faults=Faults(**{fault: 1.0}))

    for _ in range(3):
        with pytest.raises(TwilioRestException) as caught:
            twilio.send()
        assert caught.value.status == http_status

    assert twilio.control.state()["messages"] == (3 if creates_message else 0)


def test_a_fault_at_rate_one_resets_every_connection(start: Start) -> None:
    twilio = start(faults=Faults(reset_after_accept=1.0))

    with pytest.raises(requests.exceptions.ConnectionError):
        twilio.send()

    assert twilio.control.state()["messages"] == 1


def recipients_whose_answer_is_an_error(twilio: SimulatedTwilio, numbers: list[str]) -> set[str]:
    refused = set()
    for number in numbers:
        try:
            twilio.send(to=number)
        except TwilioRestException:
            refused.add(number)
    return refused


def test_the_same_seed_spoils_the_same_creates_in_whatever_order_they_come(start: Start) -> None:
    faults = Faults(server_error_after=0.4)
    numbers = [f"+120655501{number:02}" for number in range(20)]

    first = recipients_whose_answer_is_an_error(start(faults=faults, seed=7), numbers)
    again = recipients_whose_answer_is_an_error(start(faults=faults, seed=7), numbers[::-1])
    other = recipients_whose_answer_is_an_error(start(faults=faults, seed=8), numbers)

    assert first == again
    assert first != other
    assert 0 < len(first) < len(numbers)
