"""What Twilio tells about tenants' services and numbers, each asked for once in an examination."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from messaging_pipeline.configuration import Service
from messaging_pipeline.doctor.finding import Finding, error, skipped, unreachable, warning
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.twilio_api.remote_messages import Missing, NotTold, Throttled, Unreachable
from messaging_pipeline.twilio_api.remote_services import PoolNumber, RemoteNumber, RemoteService

Answer = TypeVar("Answer")

_MOST_SERVICES = 100


@dataclass(frozen=True, slots=True)
class Senders:
    """What a service of ours sends from: phone numbers, and short codes and names.

    ``service_sid`` is the Messaging Service that they are in, None when they are in none.
    """

    service_sid: str | None
    numbers: tuple[PoolNumber, ...]
    others: tuple[str, ...] = field(default=())


class Remote:
    """Asks, and remembers the answers."""

    def __init__(self, accounts: Accounts) -> None:
        self._accounts = accounts
        self._answers: dict[tuple[str, str, str], object] = {}

    def of(self, tenant: str) -> TwilioApi:
        """Return the client of a tenant's account; raises InvalidSettings."""
        return self._accounts.of(tenant)

    def service(self, tenant: str, sid: str) -> RemoteService | Missing | NotTold:
        """Return a Messaging Service; raises InvalidSettings."""
        return self._once("service", tenant, sid, lambda: self.of(tenant).administration.service(sid))

    def senders(self, service: Service) -> Senders | Missing | NotTold:
        """Return what a service sends from; raises InvalidSettings."""
        if service.messaging_service_sid is not None:
            return self._pool(service.tenant, service.messaging_service_sid)
        if service.from_number is None or not service.from_number.startswith("+"):
            return Senders(None, (), (service.from_number,) if service.from_number else ())
        return self._alone(service.tenant, service.from_number)

    def _pool(self, tenant: str, sid: str) -> Senders | Missing | NotTold:
        api = self.of(tenant)
        numbers = self._once("pool", tenant, sid, lambda: api.administration.pool(sid))
        if not isinstance(numbers, tuple):
            return numbers
        others = self._once("others", tenant, sid, lambda: api.registrations.other_senders(sid))
        return Senders(sid, numbers, others) if isinstance(others, tuple) else others

    def _alone(self, tenant: str, address: str) -> Senders | Missing | NotTold:
        found = self.number(tenant, address)
        if not isinstance(found, RemoteNumber):
            return found
        number = PoolNumber(found.sid, found.phone_number, None, found.capabilities)
        return Senders(self._home_of(tenant, number), (number,))

    def number(self, tenant: str, address: str) -> RemoteNumber | Missing | NotTold:
        """Return a number of the account; raises InvalidSettings."""
        ask = self.of(tenant).administration.numbers
        found = self._once("number", tenant, address, lambda: ask(phone_number=address))
        if not isinstance(found, tuple):
            return found
        return next((one for one in found if one.phone_number == address), Missing())

    def _home_of(self, tenant: str, number: PoolNumber) -> str | None:
        """Look for the Messaging Service that a number is in, among the account's newest."""
        services = self._once("services", tenant, "", lambda: self.of(tenant).administration.services(_MOST_SERVICES))
        for service in services if isinstance(services, tuple) else ():
            pool = self._pool(tenant, service.sid)
            if isinstance(pool, Senders) and any(one.sid == number.sid for one in pool.numbers):
                return service.sid
        return None

    def _once(self, kind: str, tenant: str, key: str, ask: Callable[[], Answer]) -> Answer:
        place = kind, tenant, key
        if place not in self._answers:
            self._answers[place] = ask()
        return self._answers[place]  # type: ignore[return-value]  # each kind has one type of answer


def untold(about: str, answer: Missing | NotTold, what: str, cure: str) -> Finding:
    """Say why Twilio has not told something; ``what`` and ``cure`` are for when there is no such thing."""
    if isinstance(answer, Missing):
        return error(about, what, cure)
    if isinstance(answer, Throttled):
        return skipped(about, "Twilio has too many requests of this account just now; ask again later")
    if isinstance(answer, Unreachable):
        return unreachable(about, answer.explanation, "check TWILIO_API_BASE_URL, the network and status.twilio.com")
    return warning(
        about,
        f"Twilio does not tell these credentials (HTTP {answer.http_status}, error {answer.code})",
        "see what the account check says; a restricted API key needs permission to read services and numbers",
    )
