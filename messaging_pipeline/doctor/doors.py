"""The webhooks, from outside: each is called as Twilio calls it, signed rightly and wrongly, and nothing may change."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit
from uuid import uuid4

from messaging_pipeline.configuration import Tenant
from messaging_pipeline.connections.public_addresses import PrivateAddress, UnknownHost, public_addresses_of
from messaging_pipeline.doctor.addresses import told_address
from messaging_pipeline.doctor.finding import Finding, error, ok, skipped, unreachable, warning
from messaging_pipeline.doctor.knocking import Answer, knock
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.ids import MessageId, TenantKey
from messaging_pipeline.settings import REAL_TWILIO_API
from messaging_pipeline.twilio_api.callback_urls import status_callback_url
from messaging_pipeline.twilio_api.signature import sign

_STATUS_SETTING = "TWILIO_STATUS_CALLBACK_PUBLIC_URL"
_INBOUND_SETTING = "TWILIO_INBOUND_WEBHOOK_PUBLIC_URL"
_WRONG_TOKEN = "a token that opens nothing"  # noqa: S105 - and so no secret
_TAKEN, _MALFORMED, _REFUSED, _NOT_FOUND, _AWAY = 204, 400, 403, 404, 503
_REDIRECTS = range(300, 400)
_GATEWAY = frozenset({502, 504})


@dataclass(frozen=True, slots=True)
class _Door:
    """A webhook, and a form that it must answer with ``expected`` and that changes nothing.

    A status is reported for a message that there is not; the others get a form without a SID, which is refused
    as malformed after its signature was believed. That refusal names ``must_say``.
    """

    about: str
    setting: str
    url: str
    form: Mapping[str, str] = field(repr=False)
    expected: int
    must_say: str = ""


def check_doors(patient: Patient) -> Iterator[Finding]:
    """Call each tenant's webhooks at the addresses that Twilio is told."""
    told = 0
    for key, tenant in patient.tenants.items():
        for door in _doors_of(patient, key, tenant):
            told += 1
            yield from _judge_place(patient, door)
            yield from _try(patient, door, tenant)
    if told and patient.settings.callback_url is None:
        yield warning(
            _STATUS_SETTING,
            "is not set, so Twilio reports only where each service says, or not at all until reconciliation asks",
            "set it to the URL that Twilio calls, such as https://sms.example.com/twilio/status",
        )
    if not told:
        yield error(
            _STATUS_SETTING,
            "is not set, so no callback can be verified, and Twilio is told of none",
            "set it to the URL that Twilio calls, such as https://sms.example.com/twilio/status",
        )


def _doors_of(patient: Patient, key: str, tenant: Tenant) -> Iterator[_Door]:
    settings, account = patient.settings, tenant.account_sid
    if told_address(settings, "status", key) and settings.callback_url:
        url = status_callback_url(settings.callback_url, MessageId(uuid4()), TenantKey(key)).partition("#")[0]
        form = {"AccountSid": account, "MessageSid": f"SM{uuid4().hex}", "MessageStatus": "queued"}
        yield _Door(f"tenants.{key} status webhook", _STATUS_SETTING, url, form, _TAKEN)
    if inbound := told_address(settings, "inbound", key):
        form = {"AccountSid": account, "MessageSid": "none"}
        about = f"tenants.{key} inbound webhook"
        yield _Door(about, _INBOUND_SETTING, inbound, form, _MALFORMED, "MessageSid")
    voice = told_address(settings, "voice", key)
    if voice and any(one.missed_call_text for one in patient.services.values() if one.tenant == key):
        form = {"AccountSid": account, "CallSid": "none"}
        about = f"tenants.{key} voice webhook"
        yield _Door(about, "TWILIO_VOICE_WEBHOOK_PUBLIC_URL", voice, form, _MALFORMED, "CallSid")


def _judge_place(patient: Patient, door: _Door) -> Iterator[Finding]:
    """What is inside our network Twilio does not reach; whoever stands in for Twilio may."""
    if patient.settings.api_base_url != REAL_TWILIO_API:
        return
    parts = urlsplit(door.url)
    if parts.scheme != "https":
        yield error(
            door.about, "is told to Twilio without TLS, for everybody to read", f"give https:// in {door.setting}"
        )
    try:
        public_addresses_of(parts.hostname or "", parts.port or 443)
    except PrivateAddress:
        yield warning(
            door.about,
            "its host has a private address as seen from here, which Twilio cannot reach",
            f"give a public name in {door.setting}, unless only this network sees it so",
        )
    except UnknownHost:
        yield error(door.about, "nobody knows its host's address", f"correct {door.setting}, or the DNS")


def _try(patient: Patient, door: _Door, tenant: Tenant) -> Iterator[Finding]:
    """Each token must open it, and what is no token must not."""
    tokens = [("primary", tenant.auth_token), ("secondary", tenant.auth_token_secondary)]
    for name, reference in tokens:
        if reference is None:
            continue
        try:
            token = patient.settings.read_secret(reference)
        except InvalidSettings:
            yield skipped(door.about, f"the {name} token is not there to sign with")
            continue
        answer = knock(door.url, door.form, sign(door.url, door.form, token))
        yield _judge_genuine(door, name, answer)
        if isinstance(answer, str):
            return  # nobody there: no need to knock again
    yield from _judge_forged(door, knock(door.url, door.form, sign(door.url, door.form, _WRONG_TOKEN)))


def _judge_genuine(door: _Door, token: str, answer: Answer | str) -> Finding:
    if isinstance(answer, str):
        told, cure = f"is not reached: {answer}", f"check {door.setting}, the proxy and that the webhooks run"
        return unreachable(door.about, told, cure)
    if answer.status == door.expected and door.must_say in answer.text:
        return ok(door.about, f"believes what is signed with the {token} token")
    told, cure = _explained(door, token, answer)
    return error(door.about, told, cure)


def _explained(door: _Door, token: str, answer: Answer) -> tuple[str, str]:
    if answer.status == _REFUSED:
        cure = f"set {door.setting} to the address exactly as Twilio calls it, and let the proxy keep path and query"
        return f"refuses what is signed with the {token} token: 403", f"{cure}; start the webhooks with the same tokens"
    if answer.status in _REDIRECTS:
        return (
            f"redirects ({answer.status}), and Twilio loses the form on the way",
            f"give the address that it leads to in {door.setting}",
        )
    if answer.status == _AWAY:
        return "answers 503: the webhooks cannot reach their broker", "check CELERY_BROKER_URL where the webhooks run"
    if answer.status in _GATEWAY:
        return f"the proxy answers {answer.status}: it does not reach the webhooks", "check the proxy and the webhooks"
    if answer.status == _NOT_FOUND:
        return (
            "answers 404: nobody knows this path",
            f"correct {door.setting}, or the proxy, or start the webhooks anew",
        )
    return f"answers {answer.status}, which the webhooks do not", f"see what stands before them at {door.setting}"


def _judge_forged(door: _Door, answer: Answer | str) -> Iterator[Finding]:
    if isinstance(answer, str):
        yield unreachable(door.about, f"is not reached: {answer}", f"check {door.setting} and the proxy")
    elif answer.status == _REFUSED:
        yield ok(door.about, "refuses what is signed with another token")
    elif answer.status == door.expected:
        yield error(
            door.about, "takes what nobody has signed", "let no proxy answer for the webhooks, and none sign for Twilio"
        )
