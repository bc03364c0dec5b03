"""What an operator asks of an account beside messages: the account itself, its services, its numbers."""

from collections.abc import Mapping
from typing import Any

from twilio.rest import Client

from messaging_pipeline.twilio_api.asking import ask, ask_to_change
from messaging_pipeline.twilio_api.lists import Lists
from messaging_pipeline.twilio_api.remote_messages import AccountRefused, Missing, NotPossible, NotTold
from messaging_pipeline.twilio_api.remote_services import (
    PoolNumber,
    RemoteAccount,
    RemoteNumber,
    RemoteService,
    pool_number,
    remote_account,
    remote_number,
    remote_service,
)
from messaging_pipeline.twilio_api.wire import PooledHttpClient

MOST_LISTED = 1000
"""As many services or numbers as one list gives."""

WRONG_CREDENTIALS = 20003
"""Twilio's code for a token or key that is wrong, or that may not do what is asked."""


class Administration:
    """One account's services and numbers. Every call is made once, raises nothing of the wire's, and may be Missing.

    ``changes`` are keyword arguments of the twilio package, already validated; an empty text takes a URL away.
    """

    def __init__(self, client: Client, wire: PooledHttpClient) -> None:
        self._client = client
        self._wire = wire
        self._lists = Lists(wire)

    def account(self) -> RemoteAccount | Missing | NotTold:
        """Ask for the account itself: whether its credentials are good.

        Twilio refuses that to API keys that are good for everything else, so then a list of messages is asked for.
        """
        account = self._client.api.accounts(self._client.account_sid)
        answer = ask(self._wire, account.fetch, remote_account)
        is_by_key = self._client.username != self._client.account_sid
        if is_by_key and isinstance(answer, AccountRefused) and answer.code == WRONG_CREDENTIALS:
            return self._account_of_a_key()
        return answer

    def services(self, limit: int = MOST_LISTED) -> tuple[RemoteService, ...] | Missing | NotTold:
        """Ask for the account's services, up to ``limit``."""
        return self._lists.read(self._client.messaging, self._client.messaging.v1.services, remote_service, limit)

    def service(self, sid: str) -> RemoteService | Missing | NotTold:
        """Ask for one service."""
        return ask(self._wire, lambda: self._client.messaging.v1.services(sid).fetch(), remote_service)

    def create_service(
        self, friendly_name: str, changes: Mapping[str, Any]
    ) -> RemoteService | Missing | NotPossible | NotTold:
        """Make a service. After an answer that was lost there may be one: list the services before another try."""
        services = self._client.messaging.v1.services
        return ask_to_change(self._wire, lambda: services.create(friendly_name, **changes), remote_service)

    def update_service(self, sid: str, changes: Mapping[str, Any]) -> RemoteService | Missing | NotPossible | NotTold:
        """Change settings of a service, and no others."""
        service = self._client.messaging.v1.services(sid)
        return ask_to_change(self._wire, lambda: service.update(**changes), remote_service)

    def pool(self, service_sid: str, limit: int = MOST_LISTED) -> tuple[PoolNumber, ...] | Missing | NotTold:
        """Ask for the phone numbers of a service, up to ``limit``."""
        numbers = self._client.messaging.v1.services(service_sid).phone_numbers
        return self._lists.read(self._client.messaging, numbers, pool_number, limit)

    def attach(self, service_sid: str, number_sid: str) -> PoolNumber | Missing | NotPossible | NotTold:
        """Put a number into a service; NotPossible when it is in this one (21710) or another one (21712)."""
        numbers = self._client.messaging.v1.services(service_sid).phone_numbers
        return ask_to_change(self._wire, lambda: numbers.create(number_sid), pool_number)

    def detach(self, service_sid: str, number_sid: str) -> bool | Missing | NotPossible | NotTold:
        """Take a number out of a service; it stays the account's."""
        number = self._client.messaging.v1.services(service_sid).phone_numbers(number_sid)
        return ask_to_change(self._wire, number.delete, bool)

    def numbers(
        self, limit: int = MOST_LISTED, phone_number: str | None = None
    ) -> tuple[RemoteNumber, ...] | Missing | NotTold:
        """Ask for the account's numbers, up to ``limit``; ``phone_number`` may be a part of one."""
        filters = {} if phone_number is None else {"phone_number": phone_number}
        return self._lists.read(self._client.api, self._client.incoming_phone_numbers, remote_number, limit, **filters)

    def number(self, sid: str) -> RemoteNumber | Missing | NotTold:
        """Ask for one number of the account."""
        return ask(self._wire, lambda: self._client.incoming_phone_numbers(sid).fetch(), remote_number)

    def update_number(self, sid: str, changes: Mapping[str, Any]) -> RemoteNumber | Missing | NotPossible | NotTold:
        """Change settings of a number, and no others."""
        number = self._client.incoming_phone_numbers(sid)
        return ask_to_change(self._wire, lambda: number.update(**changes), remote_number)

    def _account_of_a_key(self) -> RemoteAccount | Missing | NotTold:
        untold = RemoteAccount(str(self._client.account_sid), "", "", "")
        return ask(self._wire, lambda: self._client.messages.page(page_size=1), lambda _: untold)
