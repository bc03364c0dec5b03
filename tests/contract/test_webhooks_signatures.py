"""Who is believed: only what was signed, for the address that Twilio called, with the token of the path's tenant."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from twilio.request_validator import RequestValidator

from messaging_pipeline.twilio_api.signature import sign
from tests.plugins.runtimes import ACME_ACCOUNT_SID, TWO_TENANTS
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, configuration_file
from tests.support.metric_deltas import callbacks
from tests.support.queued import all_queued
from tests.support.webhook_tier import MESSAGE_ID, ORIGIN, SIGNATURE, CallingTwilio, a_status, an_inbound, webhook_tier

ACME_TOKEN = "token-of-acme"
MESSAGE_PATH = f"/twilio/status/{MESSAGE_ID}"
ROUTES = {
    "/twilio/status": "status",
    MESSAGE_PATH: "status",
    "/twilio/inbound": "inbound",
    "/twilio/fallback": "inbound",
}
SETTINGS_HEADER = "X-Twilio-Webhooks-Signature-Settings"


class Tiers:
    """Makes tiers in one broker, and tells what they enqueued."""

    def __init__(self, stack: ExitStack, redis_url: str) -> None:
        self._stack = stack
        self._redis_url = redis_url

    def make(self, **changes: str | None) -> CallingTwilio:
        return self._stack.enter_context(webhook_tier(REDIS_URL=self._redis_url, **changes))

    @property
    def enqueued(self) -> int:
        return sum(all_queued(self._redis_url).values())


@pytest.fixture
def tiers(redis_url: str) -> Iterator[Tiers]:
    with ExitStack() as stack:
        yield Tiers(stack, redis_url)


@pytest.fixture
def two_tenants(tiers: Tiers, tmp_path: Path) -> CallingTwilio:
    return tiers.make(MESSAGING_CONFIG=configuration_file(tmp_path, TWO_TENANTS))


def form_of(target: str) -> dict[str, str]:
    return a_status() if ROUTES[target] == "status" else an_inbound()


def test_twilios_own_library_signs_as_we_expect(tiers: Tiers) -> None:
    twilio, form = tiers.make(), a_status()
    signature = RequestValidator(AUTH_TOKEN).compute_signature(f"{ORIGIN}/twilio/status", form)
    answer = twilio.post("/twilio/status", urlencode(form).encode(), {SIGNATURE: signature})
    assert (answer.status_code, tiers.enqueued) == (204, 1)


@pytest.mark.parametrize("target", ROUTES)
@pytest.mark.parametrize("signature", [None, "", "nonsense", "AAAAAAAAAAAAAAAAAAAAAAAAAAA=", "Ünsinn", "a" * 10_000])
def test_a_missing_or_wrong_signature_is_refused(tiers: Tiers, target: str, signature: str | None) -> None:
    counted = callbacks("bad_signature", route=ROUTES[target])
    headers = {} if signature is None else {SIGNATURE: signature}
    answer = tiers.make().post(target, urlencode(form_of(target)).encode(), headers)
    assert (answer.status_code, tiers.enqueued, counted.count) == (403, 0, 1)


@pytest.mark.parametrize("target", ROUTES)
def test_a_signature_made_with_another_token_is_refused(tiers: Tiers, target: str) -> None:
    answer = tiers.make().with_token("somebody else's").call(target, form_of(target))
    assert (answer.status_code, tiers.enqueued) == (403, 0)


@pytest.mark.parametrize(
    "forged",
    [
        a_status(MessageStatus="failed"),
        a_status(To=None),
        a_status(Extra="1"),
        {name: value for name, value in a_status().items() if name != "SmsStatus"},
        {},
    ],
    ids=["changed", "field left out", "field put in", "old name left out", "emptied"],
)
def test_a_form_that_is_not_the_one_that_was_signed_is_refused(tiers: Tiers, forged: dict[str, str]) -> None:
    signature = sign(f"{ORIGIN}/twilio/status", a_status(), AUTH_TOKEN)
    answer = tiers.make().post("/twilio/status", urlencode(forged).encode(), {SIGNATURE: signature})
    assert (answer.status_code, tiers.enqueued) == (403, 0)


@pytest.mark.parametrize(
    "called",
    [
        f"{ORIGIN}/twilio/inbound",
        f"{ORIGIN}{MESSAGE_PATH}",
        f"{ORIGIN}/twilio/status?a=1",
        "https://other.example/twilio/status",
    ],
)
def test_a_signature_for_another_address_is_refused(tiers: Tiers, called: str) -> None:
    answer = tiers.make().call("/twilio/status", a_status(), as_seen=called)
    assert (answer.status_code, tiers.enqueued) == (403, 0)


def test_the_id_in_the_path_cannot_be_exchanged(tiers: Tiers) -> None:
    answer = tiers.make().call(f"/twilio/status/{uuid4()}", a_status(), as_seen=ORIGIN + MESSAGE_PATH)
    assert (answer.status_code, tiers.enqueued) == (403, 0)


@pytest.mark.parametrize(
    ("algorithm", "announced", "status"),
    [
        ("HMAC_SHA1", "key=SK1,algorithm=HMAC_SHA1", 204),
        ("HMAC_SHA256", "key=SK1,algorithm=HMAC_SHA256", 204),
        ("HMAC_SHA256", None, 403),
        ("HMAC_SHA1", "key=SK1,algorithm=HMAC_SHA256", 403),
        ("HMAC_SHA1", "key=SK1,algorithm=HMAC_MD5", 403),
    ],
)
def test_a_signature_is_checked_in_the_way_that_is_announced(
    tiers: Tiers, algorithm: str, announced: str | None, status: int
) -> None:
    form = a_status()
    signature = RequestValidator(AUTH_TOKEN).compute_signature(f"{ORIGIN}/twilio/status", form, algorithm)
    headers = {SIGNATURE: signature} | ({SETTINGS_HEADER: announced} if announced else {})
    assert tiers.make().post("/twilio/status", urlencode(form).encode(), headers).status_code == status


@pytest.mark.parametrize("body", [b"\xff\xfe=%ff", b"MessageSid=%ZZ&=&&;", b"{}", b"\x00" * 100], ids=repr)
def test_a_body_that_is_no_form_is_refused_and_nothing_breaks(tiers: Tiers, body: bytes) -> None:
    signature = sign(f"{ORIGIN}/twilio/status", a_status(), AUTH_TOKEN)
    assert tiers.make().post("/twilio/status", body, {SIGNATURE: signature}).status_code == 403
    assert tiers.enqueued == 0


# Which token: rotation and tenants.


@pytest.mark.parametrize(("token", "status"), [(AUTH_TOKEN, 204), ("the next token", 204), ("neither", 403)])
def test_while_tokens_rotate_both_are_believed(tiers: Tiers, token: str, status: int) -> None:
    twilio = tiers.make(TWILIO_AUTH_TOKEN_SECONDARY="the next token")
    assert twilio.with_token(token).call("/twilio/status", a_status()).status_code == status


@pytest.mark.parametrize(
    ("target", "token", "status"),
    [
        ("/twilio/t/acme/status", ACME_TOKEN, 204),
        (f"/twilio/t/acme/status/{MESSAGE_ID}", ACME_TOKEN, 204),
        ("/twilio/t/acme/inbound", ACME_TOKEN, 200),
        ("/twilio/t/acme/fallback", ACME_TOKEN, 200),
        ("/twilio/t/default/status", AUTH_TOKEN, 204),
        ("/twilio/status", AUTH_TOKEN, 204),
        ("/twilio/t/acme/status", AUTH_TOKEN, 403),
        ("/twilio/t/acme/inbound", AUTH_TOKEN, 403),
        ("/twilio/t/default/status", ACME_TOKEN, 403),
        ("/twilio/status", ACME_TOKEN, 403),
        ("/twilio/inbound", ACME_TOKEN, 403),
        ("/twilio/t/nobody/status", AUTH_TOKEN, 404),
        ("/twilio/t/nobody/inbound", ACME_TOKEN, 404),
        ("/twilio/t/ACME/status", ACME_TOKEN, 404),
    ],
)
def test_each_tenants_token_opens_its_own_path_and_no_other(
    two_tenants: CallingTwilio, tiers: Tiers, target: str, token: str, status: int
) -> None:
    account = ACME_ACCOUNT_SID if "/t/acme/" in target else ACCOUNT_SID
    make = an_inbound if target.endswith(("inbound", "fallback")) else a_status
    assert two_tenants.with_token(token).call(target, make(AccountSid=account)).status_code == status
    assert tiers.enqueued == (status < 300)


def test_an_unknown_tenant_is_counted(two_tenants: CallingTwilio) -> None:
    counted = callbacks("not_found")
    two_tenants.call("/twilio/t/nobody/status", a_status())
    assert counted.count == 1


# Which address: what Twilio signed is the public one, verbatim.


@pytest.mark.parametrize(
    "query",
    [
        "a=1&b=2",
        "at=%40&colon=%3A&slash=%2F&quote=%27&tilde=%7E",
        "e=%C3%A9",
        "e=%c3%a9",
        "plus=+&space=%20",
        "quote='",
        "x",
        "=&&=",
    ],
)
def test_a_query_counts_exactly_as_it_was_written(tiers: Tiers, query: str) -> None:
    target = f"{MESSAGE_PATH}?{query}"
    assert tiers.make().call(target, a_status()).status_code == 204
    decoded_or_left_out = tiers.make().call(target, a_status(), as_seen=ORIGIN + MESSAGE_PATH)
    assert decoded_or_left_out.status_code == 403


@pytest.mark.parametrize(
    ("public_url", "called", "target"),
    [
        ("https://h.example/sms/twilio/status", f"https://h.example/sms{MESSAGE_PATH}", MESSAGE_PATH),
        ("https://h.example/hooks/sms", "https://h.example/hooks/sms", "/twilio/status"),
        ("https://h.example/hooks/sms", "https://h.example/hooks/sms/{id}?a=%3A", "/twilio/status/{id}?a=%3A"),
        ("http://webhooks/twilio/status", "http://webhooks/twilio/status", "/twilio/status"),
        ("https://h.example:8443/twilio/status", "https://h.example:8443/twilio/status", "/twilio/status"),
        ("https://h.example/twilio/status", "https://h.example:443/twilio/status", "/twilio/status"),
        ("https://H.Example/twilio/status", "https://H.Example/twilio/status", "/twilio/status"),
        ("https://h.example/twilio/status#rc=3&rp=all", "https://h.example/twilio/status", "/twilio/status"),
        ("https://h.example/twilio/status?key=1", "https://h.example/twilio/status?key=1", "/twilio/status?key=1"),
    ],
    ids=["prefix", "renamed", "renamed with id", "http", "port", "default port", "capitals", "fragment", "query"],
)
def test_behind_a_proxy_the_public_address_is_what_counts(
    tiers: Tiers, public_url: str, called: str, target: str
) -> None:
    twilio = tiers.make(TWILIO_STATUS_CALLBACK_PUBLIC_URL=public_url)
    called, target = called.replace("{id}", MESSAGE_ID), target.replace("{id}", MESSAGE_ID)
    assert twilio.call(target, a_status(), as_seen=called).status_code == 204


def test_what_the_proxy_calls_us_does_not_count(tiers: Tiers) -> None:
    twilio = tiers.make()
    inner = {"base_url": "http://10.0.0.7:3000", "environ_overrides": {"HTTP_X_FORWARDED_HOST": "evil.example"}}
    assert twilio.call("/twilio/status", a_status(), **inner).status_code == 204
    as_inner = twilio.call("/twilio/status", a_status(), as_seen="http://10.0.0.7:3000/twilio/status", **inner)
    assert as_inner.status_code == 403


def test_https_and_http_are_different_addresses(tiers: Tiers) -> None:
    answer = tiers.make().call("/twilio/status", a_status(), as_seen="http://sms.example.com/twilio/status")
    assert answer.status_code == 403


def test_inbound_messages_may_have_an_address_of_their_own(tiers: Tiers) -> None:
    twilio = tiers.make(TWILIO_INBOUND_WEBHOOK_PUBLIC_URL="https://in.example/texts")
    assert twilio.call("/twilio/inbound", an_inbound(), as_seen="https://in.example/texts").status_code == 200
    assert twilio.call("/twilio/inbound", an_inbound()).status_code == 403
    assert twilio.call("/twilio/status", a_status()).status_code == 204


# The form as it was signed.


@pytest.mark.parametrize(
    "more",
    [
        [("Digits", "5678"), ("Digits", "1234"), ("Digits", "1234")],
        [("Empty", ""), ("AlsoEmpty", "")],
        [("B", "2"), ("a", "1"), ("A", "0"), ("b", "3")],
        [("Text", "  kept as it is \t\r\n")],
        [("Text", "Grüße 你好 🎉 + & = %")],
        [("Name with blanks & signs", "x")],
    ],
    ids=["repeated", "empty", "sorted by bytes", "blanks", "scripts", "odd name"],
)
def test_any_form_is_believed_as_it_was_signed(tiers: Tiers, more: list[tuple[str, str]]) -> None:
    fields = [*a_status().items(), *more]
    assert tiers.make().call("/twilio/status", fields).status_code == 204


def test_a_refusal_tells_and_logs_nothing_of_the_form(tiers: Tiers, caplog: pytest.LogCaptureFixture) -> None:
    answer = tiers.make().with_token("wrong").call("/twilio/inbound", an_inbound(Body="a private matter"))
    for private in ("15558675310", "15017250604", "a private matter", AUTH_TOKEN):
        assert private not in answer.text + caplog.text
    assert "signature refused" in caplog.text


@pytest.mark.parametrize(
    ("agent", "word"), [("messaging-pipeline-doctor", " (says it is the doctor)"), ("TwilioProxy/1.1", "")]
)
def test_who_says_it_is_the_doctor_is_logged_so_and_believed_no_more(
    tiers: Tiers, caplog: pytest.LogCaptureFixture, agent: str, word: str
) -> None:
    stranger = tiers.make().with_token("wrong")
    answer = stranger.call("/twilio/inbound", an_inbound(), environ_overrides={"HTTP_USER_AGENT": agent})
    assert answer.status_code == 403
    assert [one.message for one in caplog.records] == [f"signature refused on /twilio/inbound: wrong_signature{word}"]
