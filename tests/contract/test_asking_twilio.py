"""What Twilio answers when it is asked about messages, read through the official client."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from messaging_pipeline.simulator.configuration import DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN, Faults, SimulatorConfig
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.twilio_api.remote_messages import (
    AccountRefused,
    MessagePage,
    Missing,
    NotPossible,
    RemoteMessage,
    Throttled,
    Unreachable,
)
from tests.support.simulated_twilio import (
    FAST,
    OWN_NUMBER,
    RECIPIENT,
    SERVICE,
    SimulatedTwilio,
    eventually,
    in_minutes,
    simulated_twilio,
)
from tests.support.stand_in import Script, answering, never_answering, refusing, resetting, stand_in

UNKNOWN_SID = "SM" + "f" * 32
PICTURE = "https://files.example.com/table.jpg"


@pytest.fixture
def twilio() -> Iterator[SimulatedTwilio]:
    with simulated_twilio(SimulatorConfig(speed=FAST)) as it:
        yield it


@pytest.fixture
def api(twilio: SimulatedTwilio) -> Iterator[TwilioApi]:
    api = TwilioApi(DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN, twilio.url)
    yield api
    api.close()


@contextmanager
def an_api(url: str, *, token: str = DEFAULT_AUTH_TOKEN) -> Iterator[TwilioApi]:
    api = TwilioApi(DEFAULT_ACCOUNT_SID, token, url, connect_timeout_seconds=1, read_timeout_seconds=0.5)
    try:
        yield api
    finally:
        api.close()


def fetched(api: TwilioApi, sid: str) -> RemoteMessage:
    answer = api.fetch(sid)
    assert isinstance(answer, RemoteMessage)
    return answer


def page(answer: object) -> MessagePage:
    assert isinstance(answer, MessagePage)
    return answer


def test_a_message_is_told_with_all_that_is_known_of_it(twilio: SimulatedTwilio, api: TwilioApi) -> None:
    sid = twilio.send(body="Hello").sid
    eventually(lambda: fetched(api, sid).status == "delivered")
    told = fetched(api, sid)
    assert (told.sid, told.to, told.body, told.direction) == (sid, RECIPIENT, "Hello", "outbound-api")
    assert (told.error_code, told.num_media, told.messaging_service_sid) == (None, 0, SERVICE)
    assert told.date_created is not None
    assert told.date_created.tzinfo is not None
    assert told.date_sent is not None
    assert told.date_sent >= told.date_created
    assert (told.is_from_the_api, told.is_inbound) == (True, False)


def test_neither_number_nor_text_is_in_a_messages_repr(twilio: SimulatedTwilio, api: TwilioApi) -> None:
    told = fetched(api, twilio.send(body="secret words").sid)
    assert "secret" not in repr(told)
    assert RECIPIENT not in repr(told)


def test_a_failure_is_told_with_its_error_code(twilio: SimulatedTwilio, api: TwilioApi) -> None:
    sid = twilio.send(to="+15005551003").sid
    eventually(lambda: fetched(api, sid).status == "undelivered")
    assert fetched(api, sid).error_code == 30005


def test_a_message_that_twilio_does_not_have_is_missing(api: TwilioApi) -> None:
    assert api.fetch(UNKNOWN_SID) == Missing()
    assert api.cancel(UNKNOWN_SID) == Missing()
    assert api.list_media(UNKNOWN_SID) == Missing()


def test_a_list_is_read_page_by_page_newest_first(twilio: SimulatedTwilio, api: TwilioApi) -> None:
    sids = [twilio.send().sid for _ in range(5)]
    first = page(api.list_messages(page_size=2))
    assert first.next_page_url is not None
    second = page(api.next_page(first.next_page_url))
    assert second.next_page_url is not None
    third = page(api.next_page(second.next_page_url))
    told = [message.sid for one in (first, second, third) for message in one.messages]
    assert (told, third.next_page_url) == (sids[::-1], None)


def test_a_list_can_be_of_one_recipient_or_one_sender(twilio: SimulatedTwilio, api: TwilioApi) -> None:
    one = twilio.send(to="+15005551001").sid
    other = twilio.send(to="+15005551009", from_=OWN_NUMBER).sid
    assert [m.sid for m in page(api.list_messages(to="+15005551001")).messages] == [one]
    assert [m.sid for m in page(api.list_messages(from_=OWN_NUMBER)).messages] == [other]


def test_a_span_of_time_is_meant_in_any_zone_and_leaves_out_what_was_not_sent_yet(
    twilio: SimulatedTwilio, api: TwilioApi
) -> None:
    sent = twilio.send().sid
    scheduled = twilio.send(schedule_type="fixed", send_at=in_minutes(60)).sid
    eventually(lambda: fetched(api, sent).status == "delivered")
    here = (fetched(api, sent).date_sent or datetime.now(UTC)).astimezone()
    span = {"sent_from": here - timedelta(seconds=1), "sent_until": here + timedelta(seconds=1)}
    assert [m.sid for m in page(api.list_messages(**span)).messages] == [sent]
    assert {m.sid for m in page(api.list_messages()).messages} == {sent, scheduled}
    earlier = {"sent_from": here - timedelta(hours=2), "sent_until": here - timedelta(hours=1)}
    assert page(api.list_messages(**earlier)).messages == ()


def test_inbound_messages_are_listed_with_their_files(twilio: SimulatedTwilio, api: TwilioApi) -> None:
    sid = twilio.control.receive_text(RECIPIENT, OWN_NUMBER, "Look", media_urls=(PICTURE,))["sid"]
    (told,) = page(api.list_messages(to=OWN_NUMBER)).messages
    assert (told.sid, told.from_, told.is_inbound, told.num_media) == (sid, RECIPIENT, True, 1)
    media = api.list_media(sid)
    assert isinstance(media, tuple)
    (file,) = media
    assert (file.content_type, file.url.startswith(f"{twilio.url}/2010-04-01/Accounts/")) == ("image/jpeg", True)
    assert file.url.endswith(f"/Messages/{sid}/Media/{file.sid}")


def test_a_scheduled_message_can_be_canceled_once_and_nothing_else_can(twilio: SimulatedTwilio, api: TwilioApi) -> None:
    scheduled = twilio.send(schedule_type="fixed", send_at=in_minutes(60)).sid
    answer = api.cancel(scheduled)
    assert isinstance(answer, RemoteMessage)
    assert answer.status == "canceled"
    for sid in (scheduled, twilio.send().sid):
        refused = api.cancel(sid)
        assert isinstance(refused, NotPossible)
        assert refused.code == 30409


def test_a_wrong_token_is_the_accounts_fault_whatever_is_asked(twilio: SimulatedTwilio) -> None:
    with an_api(twilio.url, token="wrong") as api:
        answers = (api.fetch(UNKNOWN_SID), api.list_messages(), api.cancel(UNKNOWN_SID), api.list_media(UNKNOWN_SID))
    assert set(answers) == {AccountRefused(20003, 401)}


@pytest.mark.parametrize(("headers", "seconds"), [({}, None), ({"Retry-After": "7"}, 7.0)])
def test_a_429_throttles_and_says_for_how_long_also_while_paging(
    headers: dict[str, str], seconds: float | None
) -> None:
    with stand_in(refusing(429, 20429, **headers)) as server, an_api(server.url) as api:
        answers = (api.fetch(UNKNOWN_SID), api.list_messages(), api.next_page(f"{server.url}/2"), api.cancel("SM"))
    assert set(answers) == {Throttled(seconds)}


@pytest.mark.parametrize(
    "script",
    [
        answering(500, "oops"),
        answering(503, "<html>busy</html>"),
        answering(200, "not JSON"),
        answering(200, {"sid": 7}),
        answering(200, {}, missing_bytes=10),
        answering(302, "", {"Location": "https://elsewhere.example.com"}),
        resetting,
        never_answering,
    ],
    ids=["500", "html", "text", "other", "short", "redirect", "reset", "silence"],
)
def test_no_usable_answer_says_nothing_about_the_message(script: Script) -> None:
    with stand_in(script) as server, an_api(server.url) as api:
        answers = (api.fetch(UNKNOWN_SID), api.list_messages(), api.cancel(UNKNOWN_SID))
    assert all(isinstance(answer, Unreachable) for answer in answers)


def test_a_server_that_is_not_there_is_unreachable() -> None:
    with an_api("http://127.0.0.1:9") as api:
        assert isinstance(api.fetch(UNKNOWN_SID), Unreachable)


def test_a_record_that_cannot_be_read_costs_the_page_nothing() -> None:
    record = {"sid": "SM" + "1" * 32, "status": "sent", "direction": "outbound-api", "date_sent": "yesterday-ish"}
    body = {"messages": [{"sid": None}, record, {"sid": "SM" + "2" * 32}], "next_page_uri": None, "page": 0}
    with stand_in(answering(200, body)) as server, an_api(server.url) as api:
        (told,) = page(api.list_messages()).messages
    assert (told.sid, told.status, told.date_sent, told.body) == ("SM" + "1" * 32, "sent", None, "")


def test_what_nobody_could_write_down_is_replaced_in_what_twilio_tells() -> None:
    """JSON may hold a NUL, and half of a character that a telephone has cut in two."""
    record = {
        "sid": UNKNOWN_SID,
        "status": "received",
        "direction": "inbound",
        "from": "+1415\x00",
        "body": "Ok \ud83d",
    }
    with stand_in(answering(200, record)) as server, an_api(server.url) as api:
        told = fetched(api, UNKNOWN_SID)
    assert (told.from_, told.body) == ("+1415\ufffd", "Ok \ufffd")


def test_too_many_questions_at_once_are_throttled_by_the_simulator_too() -> None:
    limited = SimulatorConfig(faults=Faults(concurrency_limit=1, latency_ms=200))
    with simulated_twilio(limited) as slow, an_api(slow.url) as api, ThreadPoolExecutor(3) as threads:
        answers = list(threads.map(lambda _: api.list_messages(), range(3)))
    assert any(isinstance(answer, Throttled) for answer in answers)
