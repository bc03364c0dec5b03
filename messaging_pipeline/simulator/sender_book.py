"""Which sender a message leaves from: services, their pools, and the numbers of each account."""

import re
from collections.abc import Iterator
from zlib import crc32

from messaging_pipeline.simulator import magic_numbers
from messaging_pipeline.simulator.configuration import SenderConfig, ServiceConfig, SimulatorConfig
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.services import Service

_SERVICE_SID = re.compile(r"MG[0-9a-fA-F]{32}")
_ADDRESS = re.compile(r"(?:\w+:)?\+[1-9]\d{6,14}|\d{5,6}|(?=.*[A-Za-z])[A-Za-z0-9 +\-_&]{1,11}")
_DEFAULT_POOL_SIZE = 2
_REGISTERED = "VERIFIED"
_AREA_CODES = ("206", "212", "213", "305", "312", "404", "415", "512", "602", "617", "702", "713")
_FICTIONAL_LINES = 100  # 555-0100 to 555-0199 are kept free for fiction in every area code


class SenderBook:
    """All senders and services. An open simulation adds them as they are asked for."""

    def __init__(self, config: SimulatorConfig, created_at: float) -> None:
        self._open = config.is_open
        self._created_at = created_at
        self._default_account = config.accounts[0].sid
        self._senders: dict[str, Sender] = {}
        self._services: dict[str, Service] = {}
        self._removed: set[str] = set()
        for sender in config.senders:
            self._add_sender(sender, sender.account_sid or self._default_account)
        for service in config.services:
            self.add_service(service, service.account_sid or self._default_account, created_at)

    def __iter__(self) -> Iterator[Sender]:
        return iter(self._senders.values())

    def service(self, sid: str, account_sid: str) -> Service:
        """Return a Messaging Service of this account.

        Raises ApiError 21705 when the sid is no service sid, 21701 when there is no such service here.
        """
        if not _SERVICE_SID.fullmatch(sid):
            raise ApiError(21705, sid)
        known = self._services.get(sid)
        if known is None and self._open and sid not in self._removed:
            known = self.add_service(self._default_service(sid), account_sid, self._created_at)
        if known is None or known.account_sid != account_sid:
            raise ApiError(21701, sid)
        return known

    def services_of(self, account_sid: str) -> list[Service]:
        """Return the services of an account, the newest first."""
        return [one for one in reversed(self._services.values()) if one.account_sid == account_sid]

    def add_service(self, config: ServiceConfig, account_sid: str, created_at: float) -> Service:
        """Make a service, and the senders it names."""
        pool = [self._add_sender(SenderConfig(a), account_sid, config.sid) for a in config.senders]
        service = self._services[config.sid] = Service(config, account_sid, pool, created_at)
        return service

    def remove_service(self, service: Service) -> None:
        """Forget a service; its numbers are in none from now on."""
        for sender in service.pool:
            sender.service_sid = None
        self._removed.add(service.config.sid)
        del self._services[service.config.sid]

    def attach(self, sender: Sender, service: Service) -> None:
        """Put a number into a service; raises ApiError 21710 or 21712 when it is in one already."""
        if sender.service_sid is not None:
            raise ApiError(21710 if sender.service_sid == service.config.sid else 21712)
        sender.service_sid = service.config.sid
        service.pool.append(sender)

    def detach(self, sender: Sender, service: Service) -> None:
        """Take a number out of its service; raises ApiError 21711 when it is not in it."""
        if sender.service_sid != service.config.sid:
            raise ApiError(21711)
        sender.service_sid = None
        service.pool.remove(sender)

    def numbers_of(self, account_sid: str) -> list[Sender]:
        """Return the phone numbers of an account that the simulation has heard of."""
        return [one for one in self if one.account_sid == account_sid and one.is_phone_number]

    def number(self, sid: str, account_sid: str) -> Sender:
        """Return a phone number of an account by its sid; raises ApiError 20404 when there is none such."""
        for sender in self.numbers_of(account_sid):
            if sender.sid == sid:
                return sender
        raise ApiError(20404, sid)

    def service_of(self, sender: Sender) -> Service | None:
        """Return the service a sender is in."""
        return self._services.get(sender.service_sid) if sender.service_sid else None

    def own(self, address: str, account_sid: str) -> Sender:
        """Return a sender of this account.

        Raises ApiError 21212 for what cannot be a sender at all, 21606 for one that is not the account's,
        and whatever a magic From stands for.
        """
        code = magic_numbers.SENDERS.get(address)
        if code is not None:
            raise ApiError(code, address)
        if not _ADDRESS.fullmatch(address):
            raise ApiError(21212, address)
        known = self._senders.get(address)
        if known is None and (self._open or address in magic_numbers.SENDERS):
            known = self._add_sender(SenderConfig(address), account_sid)
        if known is None or known.account_sid != account_sid:
            raise ApiError(21606, address)
        return known

    def receiver(self, address: str, from_: str) -> Sender:
        """Return the sender of an inbound message; a service sid stands for its number for ``from_``.

        Raises ApiError like ``service`` and ``own``; in an open simulation the number is the first account's.
        """
        if address in self._senders:
            return self._senders[address]
        if address.startswith("MG"):
            known = self._services.get(address) or self.service(address, self._default_account)
            sender = known.sender_for(from_, mms=False)
            if sender is None:
                raise ApiError(21704)
            return sender
        return self.own(address, self._default_account)

    def _add_sender(self, config: SenderConfig, account_sid: str, service_sid: str | None = None) -> Sender:
        sender = self._senders.get(config.address) or Sender(config, account_sid)
        sender.service_sid = service_sid
        self._senders[config.address] = sender
        return sender

    def _default_service(self, sid: str) -> ServiceConfig:
        """Give a service of an open simulation its numbers, the same ones in every run, and a campaign for them."""
        addresses: list[str] = []
        line = crc32(sid.encode())
        while len(addresses) < _DEFAULT_POOL_SIZE:
            area = _AREA_CODES[line // _FICTIONAL_LINES % len(_AREA_CODES)]
            address = f"+1{area}55501{line % _FICTIONAL_LINES:02}"
            if address not in self._senders:
                addresses.append(address)
            line += 1
        return ServiceConfig(sid, senders=tuple(addresses), campaign_status=_REGISTERED)
