"""What Twilio answers when it is asked about an account's services and numbers, read through the official client."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from messaging_pipeline.simulator.configuration import DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN, SimulatorConfig
from messaging_pipeline.twilio_api.administration import Administration
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.twilio_api.remote_messages import (
    AccountRefused,
    Missing,
    NotPossible,
    Throttled,
    Unreachable,
)
from messaging_pipeline.twilio_api.remote_services import RemoteAccount, RemoteNumber, RemoteService
from tests.support.simulated_twilio import SERVICE, SimulatedTwilio, simulated_twilio
from tests.support.stand_in import Received, Script, answering, never_answering, refusing, resetting, stand_in

UNKNOWN_SERVICE = "MG-is-not-a-sid"
UNKNOWN_NUMBER = "PN" + "f" * 32


@contextmanager
def administering(
    url: str, token: str = DEFAULT_AUTH_TOKEN, *, patience_seconds: float = 20.0
) -> Iterator[Administration]:
    api = TwilioApi(
        DEFAULT_ACCOUNT_SID,
        token,
        url,
        messaging_base_url=url,
        read_timeout_seconds=patience_seconds,
    )
    try:
        yield api.administration
    finally:
        api.close()


@pytest.fixture
def twilio() -> Iterator[SimulatedTwilio]:
    with simulated_twilio(SimulatorConfig(smtp_port=None)) as it:
        yield it


@pytest.fixture
def account(twilio: SimulatedTwilio) -> Iterator[Administration]:
    with administering(twilio.url) as it:
        yield it


def created(account: Administration, name: str) -> RemoteService:
    service = account.create_service(name, {})
    assert isinstance(service, RemoteService)
    return service


def test_the_account_is_told(account: Administration) -> None:
    assert account.account() == RemoteAccount(DEFAULT_ACCOUNT_SID, "Simulated account", "active", "Full")


def test_a_service_is_made_changed_and_told_alike(account: Administration) -> None:
    made = account.create_service("Clinic", {"status_callback": "https://example.com/status", "sticky_sender": False})
    assert isinstance(made, RemoteService)
    assert (made.friendly_name, made.status_callback, made.sticky_sender) == (
        "Clinic",
        "https://example.com/status",
        False,
    )
    changed = account.update_service(made.sid, {"status_callback": "", "use_inbound_webhook_on_number": True})
    assert isinstance(changed, RemoteService)
    assert (changed.status_callback, changed.use_inbound_webhook_on_number) == (None, True)
    assert account.service(made.sid) == changed


def test_a_list_goes_on_to_its_last_page_or_to_its_limit(account: Administration) -> None:
    sids = [created(account, f"Service {number}").sid for number in range(51)][::-1]

    def listed(limit: int) -> list[str]:
        answer = account.services(limit)
        assert isinstance(answer, tuple)
        return [service.sid for service in answer]

    assert listed(1000) == sids
    assert listed(2) == sids[:2]


def test_numbers_leave_a_service_and_come_back(account: Administration) -> None:
    pool = account.pool(SERVICE)
    assert isinstance(pool, tuple)
    first, second = pool
    assert (first.country_code, first.capabilities) == ("US", ("mms", "sms"))

    assert isinstance(account.attach(SERVICE, first.sid), NotPossible)
    assert account.detach(SERVICE, first.sid) is True
    assert account.pool(SERVICE) == (second,)
    assert account.attach(SERVICE, first.sid) == first


def test_an_accounts_number_is_found_and_changed(account: Administration) -> None:
    pool = account.pool(SERVICE)
    assert isinstance(pool, tuple)
    found = account.numbers(phone_number=pool[0].phone_number)
    assert isinstance(found, tuple)
    assert [number.sid for number in found] == [pool[0].sid]

    changed = account.update_number(pool[0].sid, {"sms_url": "https://example.com/in"})
    assert isinstance(changed, RemoteNumber)
    assert (changed.sms_url, changed.capabilities) == ("https://example.com/in", ("mms", "sms", "voice"))
    assert account.number(pool[0].sid) == changed


def test_no_number_is_in_a_repr(account: Administration) -> None:
    pool = account.pool(SERVICE)
    numbers = account.numbers()
    assert isinstance(pool, tuple)
    assert pool[0].phone_number not in repr((pool, numbers))


QUESTIONS: list[Callable[[Administration], object]] = [
    lambda account: account.service(UNKNOWN_SERVICE),
    lambda account: account.update_service(UNKNOWN_SERVICE, {}),
    lambda account: account.pool(UNKNOWN_SERVICE),
    lambda account: account.detach(UNKNOWN_SERVICE, UNKNOWN_NUMBER),
    lambda account: account.attach(UNKNOWN_SERVICE, UNKNOWN_NUMBER),
    lambda account: account.number(UNKNOWN_NUMBER),
    lambda account: account.update_number(UNKNOWN_NUMBER, {}),
]


def test_what_twilio_does_not_have_is_missing(account: Administration) -> None:
    assert [ask(account) for ask in QUESTIONS] == [Missing()] * len(QUESTIONS)


def test_a_wrong_token_is_the_accounts_fault(twilio: SimulatedTwilio) -> None:
    with administering(twilio.url, "wrong") as account:
        answers = [account.account(), account.services(), account.service(SERVICE), account.numbers()]
    assert answers == [AccountRefused(20003, 401)] * 4


@pytest.mark.parametrize(
    "script",
    [answering(500, "oops"), answering(200, "not JSON"), answering(200, {"sid": 7}), resetting, never_answering],
)
def test_no_usable_answer_is_no_answer(script: Script) -> None:
    with stand_in(script) as server, administering(server.url, patience_seconds=0.3) as account:
        answers = [
            account.services(),
            account.service(SERVICE),
            account.create_service("Clinic", {}),
            account.numbers(),
        ]
    assert all(isinstance(answer, Unreachable) for answer in answers)


def test_what_is_throttled_was_not_done() -> None:
    with stand_in(refusing(429, 20429)) as server, administering(server.url) as account:
        assert account.create_service("Clinic", {}) == Throttled(None)


def test_a_create_whose_answer_is_lost_is_sent_once() -> None:
    with stand_in(never_answering) as server, administering(server.url, patience_seconds=0.3) as account:
        assert isinstance(account.create_service("Clinic", {}), Unreachable)
        assert len(server.requests) == 1


def test_a_list_that_leads_back_to_a_page_of_its_own_is_no_answer() -> None:
    def script(request: Received, connection: socket.socket) -> bool:
        meta = {"key": "services", "next_page_url": f"{server.url}/v1/Services?PageToken=PAagain"}
        assert len(server.requests) < 10, "it is read for ever"
        return answering(200, {"meta": meta, "services": []})(request, connection)

    with stand_in(script) as server, administering(server.url) as account:
        assert isinstance(account.services(), Unreachable)


def test_the_credentials_follow_a_list_to_no_other_place() -> None:
    with stand_in(answering(200, {})) as elsewhere:
        meta = {"key": "services", "next_page_url": f"{elsewhere.url}/v1/Services?Page=1"}
        with stand_in(answering(200, {"meta": meta, "services": []})) as server, administering(server.url) as account:
            assert isinstance(account.services(), Unreachable)
        assert elsewhere.requests == []
