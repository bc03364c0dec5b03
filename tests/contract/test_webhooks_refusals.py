"""What is refused, what it is answered, and that nothing of it is enqueued."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from redis import Redis

from messaging_pipeline.stack.embedded import start_valkey
from messaging_pipeline.twilio_api.signature import sign
from tests.support.factories import AUTH_TOKEN
from tests.support.metric_deltas import callbacks
from tests.support.queued import all_queued
from tests.support.webhook_tier import (
    FORM_TYPE,
    MESSAGE_ID,
    ORIGIN,
    SIGNATURE,
    CallingTwilio,
    a_status,
    an_inbound,
    webhook_tier,
)

LARGEST_BODY = 64 * 1024
CLOSED_PORT = "redis://127.0.0.1:9/0"


@pytest.fixture
def twilio(redis_url: str) -> Iterator[CallingTwilio]:
    with webhook_tier(REDIS_URL=redis_url) as twilio:
        yield twilio


@pytest.fixture
def cut_off() -> Iterator[CallingTwilio]:
    """A tier whose broker does not listen."""
    with webhook_tier(REDIS_URL=CLOSED_PORT) as twilio:
        yield twilio


@dataclass(frozen=True)
class FillingUp:
    """A tier and its broker, a Valkey of this test's own that may be made to have no room left."""

    twilio: CallingTwilio
    url: str

    def most_bytes(self, limit: int) -> None:
        with Redis.from_url(self.url) as broker:
            broker.config_set("maxmemory", limit)


@pytest.fixture
def filling_up(tmp_path: Path) -> Iterator[FillingUp]:
    with start_valkey(tmp_path) as server, webhook_tier(REDIS_URL=server.url) as twilio:
        yield FillingUp(twilio, server.url)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"MessageSid": None, "SmsSid": None}, "MessageSid"),
        ({"MessageSid": "SM123"}, "MessageSid"),
        ({"MessageSid": "AC" + "1" * 32}, "MessageSid"),
        ({"MessageSid": "", "SmsSid": ""}, "MessageSid"),
        ({"MessageStatus": None, "SmsStatus": None}, "MessageStatus"),
        ({"MessageStatus": "delivered; drop table"}, "MessageStatus"),
        ({"ErrorCode": "thirty"}, "ErrorCode"),
        ({"ErrorCode": "-1"}, "ErrorCode"),
        ({"ErrorCode": "12345678901234567890"}, "ErrorCode"),
        ({"AccountSid": "nobody"}, "AccountSid"),
    ],
)
def test_a_malformed_field_is_named_and_nothing_is_enqueued(
    twilio: CallingTwilio, redis_url: str, changes: dict[str, str | None], field: str
) -> None:
    malformed = callbacks("malformed")
    answer = twilio.call("/twilio/status", a_status(**changes))
    assert (answer.status_code, all_queued(redis_url), malformed.count) == (400, {}, 1)
    assert field in answer.text


def test_a_malformed_value_is_not_repeated(twilio: CallingTwilio, caplog: pytest.LogCaptureFixture) -> None:
    answer = twilio.call("/twilio/status", a_status(MessageStatus="+15558675310 is private"))
    assert "5558675310" not in answer.text + caplog.text
    assert "callback refused" in caplog.text


@pytest.mark.parametrize(
    "target", ["/twilio/status/not-a-uuid", f"/twilio/status/{MESSAGE_ID}/more", "/twilio/status/"]
)
def test_a_path_that_names_no_message_is_not_found(twilio: CallingTwilio, redis_url: str, target: str) -> None:
    not_found = callbacks("not_found", route="none")
    answer = twilio.call(target, a_status())
    assert (answer.status_code, all_queued(redis_url), not_found.count) == (404, {}, 1)


@pytest.mark.parametrize(
    "target", ["/twilio/status", f"/twilio/status/{MESSAGE_ID}", "/twilio/inbound", "/twilio/fallback"]
)
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "HEAD"])
def test_only_posts_are_taken(twilio: CallingTwilio, redis_url: str, target: str, method: str) -> None:
    wrong_method = callbacks("wrong_method", route="none")
    answer = twilio.app.test_client().open(target, method=method, query_string=an_inbound())
    assert (answer.status_code, all_queued(redis_url), wrong_method.count) == (405, {}, 1)


def padded(size: int) -> dict[str, str]:
    """A status callback whose encoded form has exactly so many bytes."""
    form = a_status(Padding="")
    bare = sum(len(f"{name}={value}&") for name, value in form.items()) - 1 + 2 * len("%2B") - 2 * len("+")
    return {**form, "Padding": "x" * (size - bare)}


def test_a_body_of_64_kilobytes_is_taken(twilio: CallingTwilio) -> None:
    assert twilio.call("/twilio/status", padded(LARGEST_BODY)).status_code == 204


@pytest.mark.parametrize(("target", "route"), [("/twilio/status", "status"), ("/twilio/inbound", "inbound")])
def test_one_byte_more_is_too_large(twilio: CallingTwilio, redis_url: str, target: str, route: str) -> None:
    too_large = callbacks("too_large", route=route)
    answer = twilio.call(target, padded(LARGEST_BODY + 1))
    assert (answer.status_code, all_queued(redis_url), too_large.count) == (413, {}, 1)


def chunked(body: bytes) -> dict[str, object]:
    """A request without a length, as a WSGI server hands over a chunked body that it decodes itself."""
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_TYPE": FORM_TYPE,
        "HTTP_TRANSFER_ENCODING": "chunked",
        "wsgi.input_terminated": True,
        "wsgi.input": io.BytesIO(body),
    }


@pytest.mark.parametrize(("size", "status"), [(LARGEST_BODY, 204), (LARGEST_BODY + 1, 413), (10 * LARGEST_BODY, 413)])
def test_a_body_of_unknown_length_is_read_no_further_than_that_either(
    twilio: CallingTwilio, redis_url: str, size: int, status: int
) -> None:
    form = padded(size)
    environ = chunked("&".join(f"{name}={value.replace('+', '%2B')}" for name, value in form.items()).encode())
    environ["HTTP_X_TWILIO_SIGNATURE"] = sign(f"{ORIGIN}/twilio/status", form, AUTH_TOKEN)
    answer = twilio.app.test_client().open("/twilio/status", environ_overrides=environ)
    assert answer.status_code == status
    assert sum(all_queued(redis_url).values()) == (status == 204)


@pytest.mark.parametrize(("fields", "status"), [(1000, 403), (1001, 413)])
def test_a_form_of_more_fields_than_twilio_has_is_too_large_before_its_signature_is_verified(
    twilio: CallingTwilio, fields: int, status: int
) -> None:
    """To verify sorts them for each spelling of the address and each token: somebody could keep us busy."""
    form = {f"p{number}": "" for number in range(fields)}
    answer = twilio.app.test_client().post("/twilio/status", data=form, headers={SIGNATURE: "forged"})
    assert answer.status_code == status


@pytest.mark.parametrize(
    ("target", "form", "route"),
    [("/twilio/status", a_status(), "status"), ("/twilio/inbound", an_inbound(), "inbound")],
)
def test_without_a_broker_twilio_is_asked_to_come_again(
    cut_off: CallingTwilio, target: str, form: dict[str, str], route: str
) -> None:
    broker_away = callbacks("broker_away", route=route)
    answer = cut_off.call(target, form)
    assert (answer.status_code, answer.headers["Retry-After"], broker_away.count) == (503, "1", 1)


def test_without_a_broker_a_forged_callback_is_still_only_a_forged_one(cut_off: CallingTwilio) -> None:
    assert cut_off.with_token("wrong").call("/twilio/status", a_status()).status_code == 403


def test_a_broker_that_has_no_room_is_as_good_as_none(filling_up: FillingUp) -> None:
    filling_up.most_bytes(1)
    twilio = filling_up.twilio
    answers = [twilio.call("/twilio/status", a_status()), twilio.call("/twilio/inbound", an_inbound())]
    assert [answer.status_code for answer in answers] == [503, 503]
    assert all_queued(filling_up.url) == {}


def test_after_the_broker_is_back_callbacks_are_taken_again(filling_up: FillingUp) -> None:
    for limit, status in ((1, 503), (0, 204)):
        filling_up.most_bytes(limit)
        assert filling_up.twilio.call("/twilio/status", a_status()).status_code == status
    assert all_queued(filling_up.url) == {"status": 1}


def test_an_answer_that_refuses_is_plain_text_and_no_page(twilio: CallingTwilio) -> None:
    answer = twilio.post("/twilio/status", b"a=b", {SIGNATURE: "wrong"})
    assert answer.mimetype == "text/plain"
    assert "<" not in answer.text
