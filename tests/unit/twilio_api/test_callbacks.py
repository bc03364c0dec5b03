"""Reading a status callback: old names, new words, and what is refused."""

import pytest
from hypothesis import strategies as st

from messaging_pipeline.twilio_api.callbacks import MalformedCallback, StatusCallback, parse_status_callback
from tests.support.properties import given

SID = "SM" + "0123456789abcdefABCDEF0123456789"
ACCOUNT_SID = "AC" + "0" * 32


def a_form(**changes: str | None) -> dict[str, str]:
    form = {"MessageSid": SID, "MessageStatus": "sent", "AccountSid": ACCOUNT_SID, "To": "+14155550123", **changes}
    return {field: value for field, value in form.items() if value is not None}


def test_a_callback_says_which_message_and_what_became_of_it() -> None:
    form = a_form(MessageStatus="undelivered", ErrorCode="30003", RawDlrDoneDate="2611231845")
    assert parse_status_callback(form) == StatusCallback(SID, "undelivered", 30003, ACCOUNT_SID, "2611231845")


def test_the_older_names_serve_where_the_newer_are_missing() -> None:
    form = a_form(MessageSid=None, SmsSid=SID, MessageStatus=None, SmsStatus="delivered")
    callback = parse_status_callback(form)
    assert (callback.sid, callback.status) == (SID, "delivered")


def test_the_newer_names_win_where_both_are_there() -> None:
    callback = parse_status_callback(a_form(SmsSid="MM" + "0" * 32, SmsStatus="queued"))
    assert (callback.sid, callback.status) == (SID, "sent")


@pytest.mark.parametrize("word", ["partially_delivered", "teleported", "Read"])
def test_a_status_word_is_kept_whether_we_know_it_or_not(word: str) -> None:
    assert parse_status_callback(a_form(MessageStatus=word)).status == word


def test_what_is_optional_may_be_missing_or_empty() -> None:
    empty = a_form(AccountSid=None, ErrorCode="", RawDlrDoneDate="")
    assert parse_status_callback(empty) == StatusCallback(SID, "sent", None, None, None)


def test_a_date_of_another_form_does_not_cost_the_status() -> None:
    assert parse_status_callback(a_form(RawDlrDoneDate="yesterday")).raw_dlr_done_date is None


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("MessageSid", None),
        ("MessageSid", ""),
        ("MessageSid", SID + "0"),
        ("MessageSid", SID[:-1]),
        ("MessageSid", "XX" + "0" * 32),
        ("MessageSid", SID + "\n"),
        ("MessageStatus", None),
        ("MessageStatus", ""),
        ("MessageStatus", "x" * 33),
        ("MessageStatus", "sent to +14155550123"),
        ("ErrorCode", "none"),
        ("ErrorCode", "-1"),
        ("ErrorCode", "1" * 7),
        ("ErrorCode", "٣"),
        ("AccountSid", "AC1"),
        ("AccountSid", ACCOUNT_SID * 100),
    ],
)
def test_a_malformed_field_is_named_and_never_repeated(field: str, value: str | None) -> None:
    with pytest.raises(MalformedCallback) as caught:
        parse_status_callback(a_form(**{field: value}))
    assert caught.value.field == field
    assert str(caught.value) == f"the callback's {field} is missing or malformed"


def sid_or_field_at_fault(form: dict[str, str]) -> str:
    try:
        return parse_status_callback(form).sid
    except MalformedCallback as error:
        return error.field


@given(st.dictionaries(st.sampled_from(["MessageSid", "SmsSid", "MessageStatus", "ErrorCode"]), st.text()))
def test_no_form_raises_anything_but_a_malformed_callback(changes: dict[str, str]) -> None:
    assert sid_or_field_at_fault(a_form(**changes)) in {SID, "MessageSid", "MessageStatus", "ErrorCode"}
