"""Whose a webhook is: path or AccountSid picks the tenant, its tokens must match, every refusal says why."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest

from messaging_pipeline.queues import Queue
from messaging_pipeline.twilio_api.signature import sign
from tests.plugins.runtimes import ACME_ACCOUNT_SID, TWO_TENANTS
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, configuration_file
from tests.support.metric_deltas import Counting
from tests.support.queued import all_queued, queued
from tests.support.webhook_tier import MESSAGE_ID, ORIGIN, SIGNATURE, CallingTwilio, a_status, an_inbound, webhook_tier

ACME_TOKEN, NEXT_TOKEN = "token-of-acme", "next-token-of-acme"
NOBODYS = "AC" + "9" * 32
ROTATING = TWO_TENANTS.replace("[services", 'auth_token_secondary = "env:ACME_NEXT"\n\n[services')
JSON = b'{"MessageSid": "SM11111111111111111111111111111111", "MessageStatus": "delivered"}'


@pytest.fixture
def tier(redis_url: str, tmp_path: Path) -> Iterator[CallingTwilio]:
    """A tier of the tenants `default` and `acme`, called by whoever holds acme's token."""
    config = configuration_file(tmp_path, ROTATING)
    with webhook_tier(REDIS_URL=redis_url, MESSAGING_CONFIG=config, ACME_NEXT=NEXT_TOKEN) as twilio:
        yield twilio.with_token(ACME_TOKEN)


def refused(reason: str) -> Counting:
    return Counting("messaging_signatures_refused_total", reason=reason)


def matched(tenant: str, token: str) -> Counting:
    return Counting("messaging_signatures_total", tenant=tenant, token=token)


# On the plain paths the form says whose it is, and a signature has to prove it.


@pytest.mark.parametrize("target", ["/twilio/status", f"/twilio/status/{MESSAGE_ID}", f"/twilio/status/{MESSAGE_ID}/2"])
def test_a_status_at_the_plain_address_is_the_tenants_whose_account_it_names(
    tier: CallingTwilio, redis_url: str, target: str
) -> None:
    assert tier.call(target, a_status(AccountSid=ACME_ACCOUNT_SID)).status_code == 204
    (task,) = queued(redis_url, Queue.STATUS)
    assert [report["tenant"] for report in task.arguments["reports"]] == ["acme"]


@pytest.mark.parametrize("target", ["/twilio/inbound", "/twilio/fallback"])
def test_a_text_at_the_plain_address_is_the_tenants_whose_account_it_names(
    tier: CallingTwilio, redis_url: str, target: str
) -> None:
    assert tier.call(target, an_inbound(AccountSid=ACME_ACCOUNT_SID)).status_code == 200
    (task,) = queued(redis_url, Queue.INBOUND)
    assert task.arguments["tenant"] == "acme"


@pytest.mark.parametrize("account", [None, "", ACCOUNT_SID, ACCOUNT_SID.replace("a", "A")])
def test_a_form_that_names_no_account_or_the_default_ones_is_the_default_tenants(
    tier: CallingTwilio, redis_url: str, account: str | None
) -> None:
    assert tier.with_token(AUTH_TOKEN).call("/twilio/status", a_status(AccountSid=account)).status_code == 204
    (task,) = queued(redis_url, Queue.STATUS)
    assert task.arguments["reports"][0]["tenant"] == "default"


@pytest.mark.parametrize(
    ("account", "token"),
    [(ACME_ACCOUNT_SID, AUTH_TOKEN), (ACCOUNT_SID, ACME_TOKEN), (None, ACME_TOKEN), ("", ACME_TOKEN)],
)
def test_a_claim_to_be_somebody_is_worth_nothing_without_that_ones_token(
    tier: CallingTwilio, redis_url: str, account: str | None, token: str
) -> None:
    counted = refused("wrong_signature")
    answer = tier.with_token(token).call("/twilio/inbound", an_inbound(AccountSid=account))
    assert (answer.status_code, all_queued(redis_url), counted.count) == (403, {}, 1)


@pytest.mark.parametrize("token", [AUTH_TOKEN, ACME_TOKEN])
def test_an_account_that_is_no_tenants_is_refused_whoever_has_signed(
    tier: CallingTwilio, redis_url: str, token: str
) -> None:
    counted = refused("unknown_account")
    answer = tier.with_token(token).call("/twilio/status", a_status(AccountSid=NOBODYS))
    assert (answer.status_code, all_queued(redis_url), counted.count) == (403, {}, 1)


# A tenant may know its own token: what it signs about somebody else's account is refused.


@pytest.mark.parametrize("account", [ACCOUNT_SID, NOBODYS])
@pytest.mark.parametrize("route", ["status", f"status/{MESSAGE_ID}", "inbound", "fallback"])
def test_an_account_that_is_not_the_paths_is_refused_though_it_is_signed(
    tier: CallingTwilio, redis_url: str, route: str, account: str
) -> None:
    counted, believed = refused("foreign_account"), matched("acme", "primary")
    form = a_status(AccountSid=account) if route.startswith("status") else an_inbound(AccountSid=account)
    answer = tier.call(f"/twilio/t/acme/{route}", form)
    assert (answer.status_code, all_queued(redis_url), counted.count, believed.count) == (403, {}, 1, 0)


@pytest.mark.parametrize("target", ["/twilio/status", "/twilio/t/acme/status"])
def test_a_second_account_in_the_same_form_is_a_foreign_one(tier: CallingTwilio, redis_url: str, target: str) -> None:
    counted = refused("foreign_account")
    fields = [*a_status(AccountSid=ACME_ACCOUNT_SID).items(), ("AccountSid", ACCOUNT_SID)]
    assert (tier.call(target, fields).status_code, all_queued(redis_url), counted.count) == (403, {}, 1)


def test_the_same_account_said_twice_is_no_foreign_one(tier: CallingTwilio) -> None:
    fields = [*a_status(AccountSid=ACME_ACCOUNT_SID).items(), ("AccountSid", ACME_ACCOUNT_SID)]
    assert tier.call("/twilio/status", fields).status_code == 204


def test_what_is_no_account_at_all_is_malformed(tier: CallingTwilio, redis_url: str) -> None:
    answer = tier.call("/twilio/t/acme/inbound", an_inbound(AccountSid="nobody"))
    assert (answer.status_code, "AccountSid" in answer.text, all_queued(redis_url)) == (400, True, {})


def test_a_refusal_repeats_neither_account_nor_form(tier: CallingTwilio, caplog: pytest.LogCaptureFixture) -> None:
    answer = tier.call("/twilio/t/acme/inbound", an_inbound(Body="a private matter"))
    assert answer.status_code == 403
    for private in (ACCOUNT_SID, ACME_ACCOUNT_SID, "5558675310", "a private matter", ACME_TOKEN):
        assert private not in answer.text + caplog.text
    assert "foreign_account" in caplog.text


# Rotation: which token still signs is counted, so that nobody has to guess when the old one may go.


def test_each_signature_counts_for_the_token_that_made_it(tier: CallingTwilio) -> None:
    primary, secondary, others = matched("acme", "primary"), matched("acme", "secondary"), matched("default", "primary")
    for token, times in ((ACME_TOKEN, 2), (NEXT_TOKEN, 3)):
        for _ in range(times):
            tier.with_token(token).call("/twilio/t/acme/status", a_status(AccountSid=ACME_ACCOUNT_SID))
    assert (primary.count, secondary.count, others.count) == (2, 3, 0)


@pytest.mark.parametrize(("signature", "reason"), [(None, "no_signature"), ("c2lnbg==", "wrong_signature")])
def test_a_refused_signature_counts_by_what_was_wrong(tier: CallingTwilio, signature: str | None, reason: str) -> None:
    counted = refused(reason)
    headers = {} if signature is None else {SIGNATURE: signature}
    tier.post("/twilio/status", urlencode(a_status()).encode(), headers)
    assert counted.count == 1


# Bodies that are no forms.


def post_json(
    tier: CallingTwilio, body: bytes, *, hashed: bytes | None, token: str = AUTH_TOKEN, kind: str = "application/json"
) -> int:
    query = "" if hashed is None else f"?bodySHA256={hashlib.sha256(hashed).hexdigest()}"
    target = f"/twilio/status{query}"
    headers = {SIGNATURE: sign(ORIGIN + target, {}, token)}
    return tier.post(target, body, headers, content_type=kind).status_code


def test_json_that_is_signed_by_its_hash_is_understood_to_be_no_callback(tier: CallingTwilio, redis_url: str) -> None:
    believed = matched("default", "primary")
    assert post_json(tier, JSON, hashed=JSON) == 400
    assert (believed.count, all_queued(redis_url)) == (1, {})


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", ""])
@pytest.mark.parametrize("hashed", [None, b"{}"], ids=["without a hash", "hash of another body"])
def test_a_body_that_nobody_vouches_for_is_refused_though_the_url_is_signed(
    tier: CallingTwilio, redis_url: str, kind: str, hashed: bytes | None
) -> None:
    counted = refused("unproven_body")
    assert post_json(tier, JSON, hashed=hashed, kind=kind) == 403
    assert (all_queued(redis_url), counted.count) == ({}, 1)


def test_a_hash_that_nobody_signed_proves_nothing(tier: CallingTwilio, redis_url: str) -> None:
    assert post_json(tier, JSON, hashed=JSON, token="wrong") == 403
    assert all_queued(redis_url) == {}


def test_a_form_whose_url_has_a_hash_is_a_form_still(tier: CallingTwilio, redis_url: str) -> None:
    target = f"/twilio/status?bodySHA256={'0' * 64}"
    assert tier.with_token(AUTH_TOKEN).call(target, a_status()).status_code == 204
    assert all_queued(redis_url) == {"status": 1}


# Headers that a proxy would set, and anybody can.

FORGED = {
    "HTTP_X_FORWARDED_HOST": "evil.example",
    "HTTP_X_FORWARDED_PROTO": "http",
    "HTTP_X_FORWARDED_PORT": "8080",
    "HTTP_X_FORWARDED_PREFIX": "/evil",
    "HTTP_X_FORWARDED_FOR": "127.0.0.1",
    "HTTP_FORWARDED": "for=127.0.0.1;host=evil.example;proto=http",
    "HTTP_X_ORIGINAL_URL": "/twilio/t/acme/status",
    "HTTP_X_REWRITE_URL": "/twilio/t/acme/status",
    "HTTP_X_ORIGINAL_HOST": "evil.example",
    "HTTP_HOST": "evil.example",
    "HTTP_X_HTTP_METHOD_OVERRIDE": "GET",
}
ELSEWHERE = (
    "http://evil.example",
    "https://evil.example",
    "https://sms.example.com/evil",
    "http://sms.example.com:8080",
)


@pytest.mark.parametrize("header", FORGED)
def test_a_forged_header_changes_neither_the_address_nor_the_tenant(
    tier: CallingTwilio, redis_url: str, header: str
) -> None:
    twilio, forged = tier.with_token(AUTH_TOKEN), {"environ_overrides": {header: FORGED[header]}}
    for origin in ELSEWHERE:
        address = f"{origin}/twilio/status"
        assert twilio.call("/twilio/status", a_status(), as_seen=address, **forged).status_code == 403
    assert all_queued(redis_url) == {}
    assert twilio.call("/twilio/status", a_status(), **forged).status_code == 204
    (task,) = queued(redis_url, Queue.STATUS)
    assert task.arguments["reports"][0]["tenant"] == "default"
