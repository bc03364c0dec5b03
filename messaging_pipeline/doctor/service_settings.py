"""What each Messaging Service does with reports and with what people write: its URLs at Twilio beside ours."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from messaging_pipeline.configuration import Service
from messaging_pipeline.doctor.addresses import told_address
from messaging_pipeline.doctor.each_service import each_service
from messaging_pipeline.doctor.finding import Change, Finding, error, ok, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.doctor.remote import untold
from messaging_pipeline.twilio_api.callback_urls import RETRY_EVERYTHING
from messaging_pipeline.twilio_api.remote_services import RemoteService

_DROPS = "what people write is lost"


def check_service_settings(patient: Patient) -> Iterator[Finding]:
    """Compare every Messaging Service's URLs with the addresses of our webhooks."""
    return each_service(patient, _judge)


def _judge(patient: Patient, key: str, service: Service) -> Iterator[Finding]:
    sid, about = service.messaging_service_sid, f"services.{key}"
    if sid is None:
        return
    answer = patient.remote.service(service.tenant, sid)
    if not isinstance(answer, RemoteService):
        what = f"tenant {service.tenant!r} has no such Messaging Service at Twilio"
        yield untold(about, answer, what, f"correct services.{key}.messaging_service_sid")
        return
    bench = _Bench(patient, service.tenant, about, answer)
    found = [*_status(bench), *_inbound(bench), *_fallback(bench)]
    yield from found or [ok(about, "its callback, inbound and fallback URLs are ours")]


class _Bench:
    """One service on the bench: what Twilio has, what it should have, and the tool to change it."""

    def __init__(self, patient: Patient, tenant: str, about: str, remote: RemoteService) -> None:
        self.about = about
        self.remote = remote
        self._patient = patient
        self._tenant = tenant
        settings = patient.settings
        self.status = told_address(settings, "status", tenant)
        self.inbound = told_address(settings, "inbound", tenant)
        self.fallback = told_address(settings, "fallback", tenant)

    def change(self, words: str, changes: Mapping[str, Any]) -> Change:
        """Return a change of this service's settings at Twilio."""
        return Change(words, lambda: self._make(changes))

    def _make(self, changes: Mapping[str, Any]) -> str | None:
        api = self._patient.remote.of(self._tenant)
        answer = api.administration.update_service(self.remote.sid, changes)
        return None if isinstance(answer, RemoteService) else f"Twilio answered {type(answer).__name__}"


def _status(bench: _Bench) -> Iterator[Finding]:
    """Each message names its own callback, and the service's counts for all others, such as Twilio's own answers."""
    wanted, now = bench.status, bench.remote.status_callback
    if wanted is None:
        return
    change = bench.change(f"set its status callback to {shown(wanted)}", {"status_callback": retrying(wanted)})
    if now is None:
        told = "has no status callback, so nothing reports on messages that were not created here"
        yield warning(bench.about, told, f"set it to {shown(wanted)}", change)
    elif not is_same(now, wanted):
        told = f"its status callback is {shown(now)}, not ours"
        yield warning(bench.about, told, f"set it to {shown(wanted)}, unless that is meant")
    elif not is_retrying(now):
        yield warning(bench.about, f"its status callback is tried once: no {RETRY_EVERYTHING}", "add that", change)


def _inbound(bench: _Bench) -> Iterator[Finding]:
    wanted, remote = bench.inbound, bench.remote
    if wanted is None:
        return
    now = remote.inbound_request_url
    url = {"inbound_request_url": retrying(wanted), "inbound_method": "POST"}
    if remote.use_inbound_webhook_on_number:
        told = f"leaves what people write to each number's own URL, where {_DROPS} if that is not ours"
        change = bench.change(f"answer for all its numbers at {shown(wanted)}", {**url, _ON_NUMBER: False})
        yield error(
            bench.about,
            told,
            "switch use_inbound_webhook_on_number off",
            change if now is None or is_same(now, wanted) else None,
        )
        return
    change = bench.change(f"set its inbound URL to {shown(wanted)}", url)
    if now is None:
        yield error(bench.about, f"has no inbound URL: {_DROPS}", f"set it to {shown(wanted)}", change)
    elif not is_same(now, wanted):
        told = f"its inbound URL is {shown(now)}, not ours: {_DROPS} to us"
        yield error(bench.about, told, f"set it to {shown(wanted)}, or correct TWILIO_INBOUND_WEBHOOK_PUBLIC_URL")
    elif (remote.inbound_method or "POST").upper() != "POST":
        yield error(bench.about, f"calls its inbound URL with GET, which is refused: {_DROPS}", "set POST", change)
    elif not is_retrying(now):
        yield warning(bench.about, f"its inbound URL is tried once: no {RETRY_EVERYTHING}", "add that", change)


_ON_NUMBER = "use_inbound_webhook_on_number"


def _fallback(bench: _Bench) -> Iterator[Finding]:
    wanted = bench.fallback
    if wanted is None or bench.remote.fallback_url is not None:
        return
    changes = {"fallback_url": retrying(wanted), "fallback_method": "POST"}
    told = "has no fallback URL, where what people write is taken when the first one fails"
    change = bench.change(f"set its fallback URL to {shown(wanted)}", changes)
    yield warning(bench.about, told, f"set it to {shown(wanted)}", change)


def retrying(url: str) -> str:
    """Return an address with the fragment that asks Twilio to try again."""
    return f"{url.partition('#')[0]}#{RETRY_EVERYTHING}"


def is_retrying(url: str) -> bool:
    """Tell whether a fragment asks for retries, and for more than a failed connect; which, is the operator's to say."""
    overrides = parse_qs(urlsplit(url).fragment)
    return overrides.get("rc", ["0"])[-1] not in {"0", ""} and "rp" in overrides


def is_same(one: str, other: str) -> bool:
    """Tell whether two URLs lead to the same place, their fragments aside."""
    return _place(one) == _place(other)


def _place(url: str) -> str:
    parts = urlsplit(url.partition("#")[0])
    return parts._replace(
        scheme=parts.scheme.lower(), netloc=parts.netloc.lower(), path=parts.path.rstrip("/")
    ).geturl()


def shown(url: str) -> str:
    """Return a URL without what may be secret in it: credentials and the query."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
