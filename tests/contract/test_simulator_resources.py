"""The simulator's resources have the fields, the types and the operations of Twilio's."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import urllib3
from twilio.base.exceptions import TwilioRestException

from messaging_pipeline.simulator.configuration import (
    DEFAULT_ACCOUNT_SID,
    DEFAULT_AUTH_TOKEN,
    Faults,
    SimulatorConfig,
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

STUCK = "+15005551011"
LANDLINE = "+15005551004"


@pytest.fixture
def twilio() -> Iterator[SimulatedTwilio]:
    with simulated_twilio(SimulatorConfig(speed=FAST, smtp_port=None)) as running:
        yield running


def finished(twilio: SimulatedTwilio, sid: str) -> Any:
    eventually(lambda: twilio.client.messages(sid).fetch().status == "delivered")
    return twilio.client.messages(sid).fetch()


def raw(twilio: SimulatedTwilio, method: str, path: str, **form: str) -> urllib3.BaseHTTPResponse:
    headers = urllib3.make_headers(basic_auth=f"{DEFAULT_ACCOUNT_SID}:{DEFAULT_AUTH_TOKEN}")
    with urllib3.PoolManager() as pool:
        return pool.request_encode_body(method, twilio.url + path, fields=form, headers=headers, encode_multipart=False)


def test_a_created_message_looks_like_twilios(twilio: SimulatedTwilio) -> None:
    path = f"/2010-04-01/Accounts/{DEFAULT_ACCOUNT_SID}/Messages"
    answer = raw(twilio, "POST", path + ".json", To=RECIPIENT, MessagingServiceSid=SERVICE, Body="Hello")

    message = answer.json()
    sid = message["sid"]
    for name in ("date_created", "date_updated"):
        assert datetime.strptime(message.pop(name), "%a, %d %b %Y %H:%M:%S %z").utcoffset() == timedelta()
    assert answer.status == 201
    assert answer.headers["Content-Type"].startswith("application/json")
    assert answer.headers["Twilio-Request-Id"].startswith("RQ")
    assert answer.headers["Twilio-Concurrent-Requests"] == "1"
    assert len(sid) == 34
    assert message == {
        "account_sid": DEFAULT_ACCOUNT_SID,
        "api_version": "2010-04-01",
        "body": "Hello",
        "date_sent": None,
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": None,
        "messaging_service_sid": SERVICE,
        "num_media": "0",
        "num_segments": "0",
        "price": None,
        "price_unit": "USD",
        "sid": sid,
        "status": "accepted",
        "subresource_uris": {"feedback": f"{path}/{sid}/Feedback.json", "media": f"{path}/{sid}/Media.json"},
        "to": RECIPIENT,
        "uri": f"{path}/{sid}.json",
    }


def test_an_error_looks_like_twilios(twilio: SimulatedTwilio) -> None:
    answer = raw(twilio, "POST", f"/2010-04-01/Accounts/{DEFAULT_ACCOUNT_SID}/Messages.json", To=RECIPIENT)

    assert answer.status == 400
    assert answer.json() == {
        "code": 21603,
        "message": "A 'From' or 'MessagingServiceSid' parameter is required to send a message.",
        "more_info": "https://www.twilio.com/docs/errors/21603",
        "status": 400,
    }


def test_an_unknown_path_is_twilios_not_found(twilio: SimulatedTwilio) -> None:
    answer = raw(twilio, "GET", "/2010-04-01/Nonsense.json")

    assert (answer.status, answer.json()["code"]) == (404, 20404)


def test_sids_tell_pictures_from_texts(twilio: SimulatedTwilio) -> None:
    assert twilio.send().sid[:2] == "SM"
    assert twilio.send(media_url=["https://example.com/cat.jpg"]).sid[:2] == "MM"


def test_a_delivered_message_has_its_segments_and_dates(twilio: SimulatedTwilio) -> None:
    message = finished(twilio, twilio.send(body="я" * 71).sid)

    assert message.num_segments == "2"
    assert message.date_created <= message.date_sent <= message.date_updated


def test_an_unknown_message_is_not_found(twilio: SimulatedTwilio) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio.client.messages("SM" + "0" * 32).fetch()

    assert (caught.value.status, caught.value.code) == (404, 20404)


def test_a_finished_message_can_be_redacted_and_deleted(twilio: SimulatedTwilio) -> None:
    sid = twilio.send().sid
    finished(twilio, sid)

    assert twilio.client.messages(sid).update(body="").body == ""
    assert twilio.client.messages(sid).delete()
    with pytest.raises(TwilioRestException):
        twilio.client.messages(sid).fetch()
    assert twilio.client.messages.list() == []


def test_a_deleted_message_stays_in_the_ledger_without_its_body(twilio: SimulatedTwilio) -> None:
    sid = twilio.send().sid
    finished(twilio, sid)
    twilio.client.messages(sid).delete()

    [message] = twilio.control.messages()["messages"]
    assert (message["sid"], message["is_deleted"], message["body"]) == (sid, True, "")


def test_an_unfinished_message_can_neither_be_redacted_nor_deleted(twilio: SimulatedTwilio) -> None:
    message = twilio.client.messages(twilio.send(to=STUCK).sid)

    for operation in (message.delete, lambda: message.update(body="")):
        with pytest.raises(TwilioRestException) as caught:
            operation()
        assert caught.value.code == 20009


def test_only_a_scheduled_message_can_be_canceled(twilio: SimulatedTwilio) -> None:
    scheduled = twilio.send(schedule_type="fixed", send_at=in_minutes(24 * 60))
    stuck = twilio.send(to=STUCK)

    assert twilio.client.messages(scheduled.sid).update(status="canceled").status == "canceled"
    for sid in (scheduled.sid, stuck.sid):
        with pytest.raises(TwilioRestException) as caught:
            twilio.client.messages(sid).update(status="canceled")
        assert caught.value.code == 30409


@pytest.mark.parametrize("changes", [{}, {"body": "new words"}, {"status": "sent"}, {"body": "", "status": "canceled"}])
def test_any_other_update_is_refused(twilio: SimulatedTwilio, changes: dict[str, str]) -> None:
    with pytest.raises(TwilioRestException) as caught:
        twilio.client.messages(twilio.send().sid).update(**changes)

    assert caught.value.code == 30400


def test_media_can_be_listed_fetched_and_deleted(twilio: SimulatedTwilio) -> None:
    message = twilio.send(media_url=["https://example.com/cat.jpg", "https://example.com/file"])

    first, second = twilio.client.messages(message.sid).media.list()
    assert (first.content_type, second.content_type) == ("image/jpeg", "application/octet-stream")
    assert twilio.client.messages(message.sid).media(first.sid).fetch().parent_sid == message.sid
    assert twilio.client.messages(message.sid).media(first.sid).delete()
    with pytest.raises(TwilioRestException):
        twilio.client.messages(message.sid).media(first.sid).fetch()


def test_feedback_is_taken_for_messages_that_announced_it(twilio: SimulatedTwilio) -> None:
    announced = twilio.send(provide_feedback=True)

    feedback = twilio.client.messages(announced.sid).feedback.create(outcome="confirmed")

    assert (feedback.message_sid, feedback.outcome) == (announced.sid, "confirmed")
    with pytest.raises(TwilioRestException):
        twilio.client.messages(twilio.send().sid).feedback.create(outcome="confirmed")


def test_the_account_can_be_fetched(twilio: SimulatedTwilio) -> None:
    account = twilio.client.api.accounts(DEFAULT_ACCOUNT_SID).fetch()

    assert (account.sid, account.status) == (DEFAULT_ACCOUNT_SID, "active")


def test_lists_are_newest_first_and_come_in_pages(twilio: SimulatedTwilio) -> None:
    sids = [twilio.send(body=str(number)).sid for number in range(7)]

    listed = [message.sid for message in twilio.client.messages.list(page_size=3)]

    assert listed == sids[::-1]


def test_a_message_that_arrives_between_two_pages_shifts_none(twilio: SimulatedTwilio) -> None:
    sids = [twilio.send().sid for _ in range(4)]
    first = twilio.client.messages.page(page_size=2)
    shown = [message.sid for message in first]
    twilio.send()

    shown += [message.sid for message in first.next_page()]

    assert shown == sids[::-1]


def test_lists_are_filtered_by_to_and_from(twilio: SimulatedTwilio) -> None:
    twilio.send(to="+12065550111")
    twilio.send(to="+12065550122", from_=OWN_NUMBER)

    assert [message.to for message in twilio.client.messages.list(to="+12065550111")] == ["+12065550111"]
    assert [message.to for message in twilio.client.messages.list(from_=OWN_NUMBER)] == ["+12065550122"]


def test_lists_are_filtered_by_the_date_of_sending(twilio: SimulatedTwilio) -> None:
    sent = finished(twilio, twilio.send().sid)
    twilio.send(to=STUCK)
    hour = timedelta(hours=1)

    def sids(**filters: datetime | date) -> list[str]:
        return [message.sid for message in twilio.client.messages.list(**filters)]

    assert sids(date_sent_after=sent.date_sent - hour) == [sent.sid]
    assert sids(date_sent_after=sent.date_sent + hour) == []
    assert sids(date_sent_before=sent.date_sent + hour) == [sent.sid]
    assert sids(date_sent_before=sent.date_sent - hour) == []
    assert sids(date_sent=sent.date_sent.date()) == [sent.sid]
    assert sids(date_sent=datetime(2020, 1, 1, tzinfo=UTC).date()) == []


def test_a_list_may_lag_behind_the_creates() -> None:
    config = SimulatorConfig(faults=Faults(listing_lag_seconds=3600.0), smtp_port=None)
    with simulated_twilio(config) as lagging:
        sid = lagging.send().sid

        assert lagging.client.messages.list() == []
        assert lagging.client.messages(sid).fetch().sid == sid


@pytest.mark.parametrize("query", ["PageSize=many", "PageToken=x", "Page=-1", "DateSent=yesterday"])
def test_a_list_that_is_asked_for_wrongly_is_refused(twilio: SimulatedTwilio, query: str) -> None:
    answer = raw(twilio, "GET", f"/2010-04-01/Accounts/{DEFAULT_ACCOUNT_SID}/Messages.json?{query}")

    assert (answer.status, answer.json()["code"]) == (400, 30400)


def test_lookup_says_what_a_number_is_and_of_its_line_only_what_it_is_asked(twilio: SimulatedTwilio) -> None:
    twilio.client.lookups.base_url = twilio.url
    numbers = twilio.client.lookups.v2.phone_numbers
    assert numbers(RECIPIENT).fetch().line_type_intelligence is None
    told = [numbers(one).fetch(fields="line_type_intelligence") for one in (RECIPIENT, LANDLINE, "+15005550001")]
    assert [(one.valid, (one.line_type_intelligence or {}).get("type")) for one in told] == [
        (True, "mobile"),
        (True, "landline"),
        (False, None),
    ]
    assert (told[0].phone_number, told[2].validation_errors) == (RECIPIENT, ["NOT_A_NUMBER"])
    networks = [told[0].line_type_intelligence[f"mobile_{one}_code"] for one in ("country", "network")]
    assert (told[0].line_type_intelligence["carrier_name"], networks) == ("Southern Cellular, Inc.", ["001", "02"])
    with pytest.raises(TwilioRestException) as refused:
        numbers("+15005551017").fetch(fields="line_type_intelligence")
    assert (refused.value.status, refused.value.code) == (500, 20500)
    assert [one["number"] for one in twilio.control.lookups()][:2] == [RECIPIENT, RECIPIENT]
