"""What one create proves, over real sockets: every way in which Twilio and the network answer."""

import threading
from collections.abc import Callable

import pytest

from messaging_pipeline.ids import E164
from messaging_pipeline.twilio_api.client import CreateMessage, TwilioApi
from messaging_pipeline.twilio_api.outcome import Accepted, Fault, NotSent, Outcome, Refused, Unconfirmed
from tests.support.stand_in import (
    A_SID,
    Received,
    Script,
    answering,
    closing,
    creating,
    never_answering,
    refusing,
    resetting,
    stand_in,
)

RECIPIENT = "+14155550123"
BODY = "your code is 4711"
LONG_SECONDS = 30.0
SHORT_SECONDS = 0.2

_PROBLEM = {"type": "https://x", "title": "Slow down", "status": 429, "code": 20429}


def a_message(**changes: object) -> CreateMessage:
    return CreateMessage(**{"to": E164(RECIPIENT), "body": BODY, "from_": "+15017250604", **changes})  # type: ignore[arg-type]


def an_api(base_url: str, read_timeout_seconds: float = LONG_SECONDS) -> TwilioApi:
    return TwilioApi("AC" + "0" * 32, "secret-token", base_url, read_timeout_seconds=read_timeout_seconds)


def outcome_under(script: Script, read_timeout_seconds: float = LONG_SECONDS) -> Outcome:
    with stand_in(script) as server:
        api = an_api(server.url, read_timeout_seconds)
        try:
            outcome = api.create(a_message())
        finally:
            api.close()
    assert len(server.requests) == 1, "a create must go out exactly once"
    return outcome


def test_a_created_message_is_accepted_with_its_sid_status_and_segments() -> None:
    assert outcome_under(creating()) == Accepted(A_SID, "queued", 1)


def test_segments_are_unknown_until_a_service_has_chosen_a_sender() -> None:
    outcome = outcome_under(creating(status="accepted", num_segments="0"))
    assert outcome == Accepted(A_SID, "accepted", None)


@pytest.mark.parametrize("status", [None, 7, "", "x" * 40, "a b"])
def test_an_unreadable_status_does_not_cost_the_sid(status: object) -> None:
    assert outcome_under(creating(status=status)) == Accepted(A_SID, "accepted", 1)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(answering(201), id="empty"),
        pytest.param(answering(201, "<html>created</html>"), id="not JSON"),
        pytest.param(answering(201, [A_SID]), id="a list"),
        pytest.param(answering(201, "null"), id="null"),
        pytest.param(answering(201, "[" * 100_000), id="nested beyond reason"),
        pytest.param(answering(201, {}), id="no fields"),
        pytest.param(creating(sid=None), id="no SID"),
        pytest.param(creating(sid="SM123"), id="half a SID"),
        pytest.param(creating(sid=7), id="a number for a SID"),
        pytest.param(creating(date_created="Mon, 99 Nov 2026 99:00:00 +0000"), id="an impossible date"),
    ],
)
def test_a_success_that_cannot_be_read_leaves_the_message_unconfirmed(script: Script) -> None:
    assert outcome_under(script) == Unconfirmed("Twilio answered with success, but not with a message", 201)


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(closing, id="closed"),
        pytest.param(resetting, id="reset"),
        pytest.param(answering(201, '{"sid": ', missing_bytes=50), id="truncated"),
        pytest.param(answering(201, "zz\r\nno chunk", {"Transfer-Encoding": "chunked"}), id="bad chunk"),
        pytest.param(answering(201, "not zipped", {"Content-Encoding": "gzip"}), id="bad gzip"),
    ],
)
def test_an_answer_lost_on_the_way_leaves_the_message_unconfirmed(script: Script) -> None:
    assert outcome_under(script) == Unconfirmed(
        "Twilio's answer was lost: the connection broke before a whole answer came", None
    )


def test_an_answer_that_does_not_come_in_time_leaves_the_message_unconfirmed() -> None:
    outcome = outcome_under(never_answering, read_timeout_seconds=SHORT_SECONDS)
    assert outcome == Unconfirmed("Twilio's answer was lost: no answer came in time", None)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 408])
def test_a_server_error_leaves_the_message_unconfirmed(status: int) -> None:
    assert outcome_under(answering(status, "<html>gateway</html>")) == Unconfirmed(
        f"Twilio, or something before it, answered HTTP {status}; the message may have been created", status
    )


@pytest.mark.parametrize(("status", "code"), [(500, 20500), (503, 20503), (500, 21211), (400, 20500)])
def test_a_code_does_not_make_a_server_error_certain(status: int, code: int) -> None:
    assert isinstance(outcome_under(refusing(status, code)), Unconfirmed)


@pytest.mark.parametrize(
    ("status", "code", "fault"),
    [
        (400, 21211, Fault.RECIPIENT),
        (400, 21610, Fault.OPTED_OUT),
        (400, 21617, Fault.CONTENT),
        (400, 21606, Fault.SENDER),
        (404, 21701, Fault.SENDER),
        (401, 20003, Fault.ACCOUNT),
        (404, 20404, Fault.ACCOUNT),
        (400, 30610, Fault.TRANSIENT),
        (400, 29999, Fault.CONTENT),
        (403, 29999, Fault.ACCOUNT),
    ],
)
def test_a_refusal_tells_whose_fault_it_is(status: int, code: int, fault: Fault) -> None:
    outcome = outcome_under(refusing(status, code))
    assert isinstance(outcome, Refused)
    assert (outcome.http_status, outcome.code, outcome.fault) == (status, code, fault)


def test_a_page_that_is_no_answer_of_twilios_leaves_the_message_unconfirmed() -> None:
    outcome = outcome_under(answering(200, "<html>please sign in</html>"))
    assert outcome == Unconfirmed("Twilio answered with success, but not with a message", 200)


@pytest.mark.parametrize(
    "body", ["<html>forbidden</html>", '{"code": null}', '{"code": "x"}', '{"code": 1234567890123}', "[]", ""]
)
def test_a_refusal_without_a_code_has_its_http_status_for_one(body: str) -> None:
    outcome = outcome_under(answering(403, body))
    assert isinstance(outcome, Refused)
    assert (outcome.code, outcome.fault) == (403, Fault.ACCOUNT)


def test_a_redirect_is_not_followed_but_counts_as_a_wrong_address() -> None:
    with stand_in(creating()) as elsewhere:
        outcome = outcome_under(answering(307, "", {"Location": f"{elsewhere.url}/2010-04-01/x"}))
    assert isinstance(outcome, Refused)
    assert outcome.fault is Fault.ACCOUNT
    assert elsewhere.requests == []


@pytest.mark.parametrize(
    ("script", "code"),
    [
        pytest.param(refusing(429, 20429), 20429, id="20429"),
        pytest.param(refusing(503, 20429), 20429, id="20429 under another status"),
        pytest.param(refusing(429, 20500), 20500, id="another code under 429"),
        pytest.param(refusing(400, 21611), 21611, id="the sender's queue is full"),
        pytest.param(refusing(429, 21611), 21611, id="the same under 429"),
        pytest.param(answering(429, "<html>slow down</html>"), 429, id="without a body of Twilio's"),
        pytest.param(answering(429, _PROBLEM), 20429, id="as a problem document (RFC 9457)"),
    ],
)
def test_a_throttled_create_was_not_sent(script: Script, code: int) -> None:
    outcome = outcome_under(script)
    assert isinstance(outcome, NotSent)
    assert (outcome.cause, outcome.code, outcome.retry_after_seconds) == ("throttled", code, None)


@pytest.mark.parametrize(
    ("retry_after", "seconds"),
    [("7", 7.0), (" 12 ", 12.0), ("999999", 3600.0), ("Mon, 23 Nov 2026 12:00:00 GMT", None), ("-1", None)],
)
def test_the_wait_that_twilio_asks_for_is_passed_on(retry_after: str, seconds: float | None) -> None:
    outcome = outcome_under(refusing(429, 20429, **{"Retry-After": retry_after}))
    assert isinstance(outcome, NotSent)
    assert outcome.retry_after_seconds == seconds


def test_a_refused_connection_counts_as_not_sent() -> None:
    with stand_in(creating()) as server:
        pass  # its port is free again, and nobody listens
    outcome = an_api(server.url).create(a_message())
    assert outcome == NotSent("unreachable", None, None, None, "Twilio was not reached: no connection could be made")


@pytest.mark.parametrize("host", ["nowhere.invalid", "a" * 64 + ".invalid"])
def test_a_host_without_address_counts_as_not_sent(host: str) -> None:
    outcome = an_api(f"http://{host}").create(a_message())
    assert isinstance(outcome, NotSent)
    assert "could not be resolved" in outcome.explanation


@pytest.mark.parametrize(
    "script",
    [
        refusing(400, 21211, f"The 'To' number {RECIPIENT} is not valid: {BODY}"),
        refusing(400, 29999, f"The 'To' number {RECIPIENT} is not valid: {BODY}"),
        refusing(500, 29999, f"The 'To' number {RECIPIENT} is not valid: {BODY}"),
        answering(201, f"{RECIPIENT} {BODY}"),
        closing,
    ],
)
def test_no_outcome_repeats_the_number_or_the_body(script: Script) -> None:
    outcome = repr(outcome_under(script))
    assert RECIPIENT[1:] not in outcome
    assert BODY not in outcome


def test_a_message_does_not_show_its_recipient_or_content() -> None:
    shown = repr(a_message(media_urls=("https://example.com/photo",)))
    assert RECIPIENT not in shown
    assert BODY not in shown
    assert "photo" not in shown


def test_every_parameter_reaches_twilio_under_its_own_name() -> None:
    message = a_message(
        from_=None,
        body="¿qué? & more=yes\n",
        media_urls=("https://example.com/1?a=b", "https://example.com/2"),
        messaging_service_sid="MG" + "1" * 32,
        status_callback="https://example.com/twilio/status/1#rc=5&rp=all",
        validity_period_seconds=600,
    )
    with stand_in(creating()) as server:
        api = an_api(server.url)
        api.create(message)
        api.close()
    assert server.requests[0].target == "/2010-04-01/Accounts/AC" + "0" * 32 + "/Messages.json"
    assert server.requests[0].form == {
        "To": [RECIPIENT],
        "Body": ["¿qué? & more=yes\n"],
        "MediaUrl": ["https://example.com/1?a=b", "https://example.com/2"],
        "MessagingServiceSid": ["MG" + "1" * 32],
        "StatusCallback": ["https://example.com/twilio/status/1#rc=5&rp=all"],
        "ValidityPeriod": ["600"],
    }


def test_text_that_is_not_unicode_cannot_break_a_create() -> None:
    with stand_in(creating()) as server:
        api = an_api(server.url)
        outcome = api.create(a_message(body="a\ud83d"))
        api.close()
    assert isinstance(outcome, Accepted)
    assert server.requests[0].form["Body"] == ["a?"]


def test_the_edge_and_region_of_the_environment_do_not_rewrite_the_base_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TWILIO_EDGE", "sydney")
    monkeypatch.setenv("TWILIO_REGION", "au1")
    assert isinstance(outcome_under(creating()), Accepted)


def _waiting_as_long_as_the_recipient_says(request: Received) -> Script:
    return refusing(429, 20429, **{"Retry-After": request.form["To"][0][-2:]})


def test_threads_do_not_see_each_others_answers() -> None:
    def script(request: Received, connection: object) -> bool:
        return _waiting_as_long_as_the_recipient_says(request)(request, connection)  # type: ignore[arg-type]

    seen: dict[int, set[float | None]] = {}
    with stand_in(script) as server:
        api = an_api(server.url)
        _in_threads(8, lambda number: seen.update({number: _waits(api, number)}))
        api.close()
    assert seen == {number: {float(number)} for number in range(10, 18)}
    assert server.connections <= 8


def _waits(api: TwilioApi, number: int) -> set[float | None]:
    outcomes = [api.create(a_message(to=E164(f"+141555501{number}"))) for _ in range(20)]
    return {outcome.retry_after_seconds for outcome in outcomes if isinstance(outcome, NotSent)}


def _in_threads(count: int, work: Callable[[int], None]) -> None:
    threads = [threading.Thread(target=work, args=(10 + index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
