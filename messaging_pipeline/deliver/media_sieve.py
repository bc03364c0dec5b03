"""Looks at the media of claimed messages before their requests leave, for services that ask for it.

It comes before the tokens are looked at once more: looking takes time, and tokens perish.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration, Service
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.claims import ClaimedMessage, note
from messaging_pipeline.deliver.coming_again import come_again
from messaging_pipeline.deliver.gates import Bar
from messaging_pipeline.deliver.supply import Batch, Supply
from messaging_pipeline.media.checking import MediaChecks
from messaging_pipeline.media.findings import Limits, NotNow, Unfit
from messaging_pipeline.media.signing import CannotSign, MediaAddresses
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.metrics import record_media_check
from messaging_pipeline.sealing import CannotUnseal, Sealer

#: A lane looks no longer than this before it sends; who was not looked at by then goes back.
_LONGEST_LOOK_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class MediaSieve:
    """Lets through what may go, ends what never will, and puts off what nobody can tell about just now."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    configuration: Configuration
    checks: MediaChecks
    addresses: MediaAddresses
    supply: Supply

    def sift(self, book: Book, batch: Batch) -> Batch:
        """Return the batch with the messages that may go."""
        service = self.configuration.services[batch.service]
        if not service.media_check:
            return batch
        deadline = time.monotonic() + _LONGEST_LOOK_SECONDS
        fit: list[ClaimedMessage] = []
        for position, message in enumerate(batch.messages):
            if position and time.monotonic() >= deadline:
                self.supply.put_back(batch, batch.messages[position:], "its media have not been looked at yet")
                break
            if self._passes(book, batch, message, service, deadline):
                fit.append(message)
        return replace(batch, messages=fit)

    def _passes(self, book: Book, batch: Batch, message: ClaimedMessage, service: Service, deadline: float) -> bool:
        urls = self._media_urls(message)
        if not urls:
            return True
        limits = Limits(service.media_http, frozenset(service.media_private_hosts))
        try:
            advice = self.checks.check(urls, limits, deadline, partial(self._address_of, message.tenant))
        except Unfit as error:
            record_media_check(message.service, "unfit")
            book.bar(message, Bar(Status.FAILED, str(error)))
            return False
        except NotNow as error:
            record_media_check(message.service, "not_now")
            come_again(self.supply, book, batch, message, str(error))
            return False
        record_media_check(message.service, "fine")
        self._advise(message, advice)
        return True

    def _address_of(self, tenant: str, url: str) -> str:
        try:
            (address,) = self.addresses.to_fetch(tenant, [url])
        except CannotSign as error:
            raise NotNow(str(error)) from None
        return address

    def _media_urls(self, message: ClaimedMessage) -> Sequence[str]:
        """What cannot be read yet passes here: whoever sends it says so."""
        try:
            urls: Sequence[str] = self.sealer.unseal(message.content)["media_urls"]
        except CannotUnseal:
            return ()
        return urls

    def _advise(self, message: ClaimedMessage, advice: Sequence[str]) -> None:
        if advice:
            with self.pool.connection() as connection:
                note(connection, message, "; ".join(advice), self.clock.now())
