"""Copies a file from Twilio into the tenant's store, at most once for each, and deletes it when it has to go."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from tempfile import TemporaryFile

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.ids import TenantKey
from messaging_pipeline.inbound_media.fetching import fetch
from messaging_pipeline.inbound_media.items import FileId, address_of, name_of, policy_of
from messaging_pipeline.inbound_media.ledger import ClaimedFile, Ending, MediaLedger
from messaging_pipeline.inbound_media.stores import StoreFailed, Stores
from messaging_pipeline.media.findings import NotNow, Unfit
from messaging_pipeline.metrics import record_inbound_media
from messaging_pipeline.policies.inbound_media import InboundMediaPolicy
from messaging_pipeline.queues import Queue
from messaging_pipeline.sealing import CannotUnseal, Sealer
from messaging_pipeline.services.lines import Lines
from messaging_pipeline.twilio_api.accounts import TwilioLogin

#: Twilio, or a store, that is away is asked this often, which takes about a day, before it is left to people.
MOST_ATTEMPTS = 580

_AT_ONCE = 500
_NO_STORE = "its tenant has no inbound_media in messaging.toml any more"
_NO_FORM = "what came with it is not kept any more"


@dataclass(frozen=True, slots=True)
class Copying:
    """The desk where files are copied, and deleted; ``logins`` are the accounts' of tenants that want copies."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    configuration: Configuration
    lines: Lines
    logins: Mapping[str, TwilioLogin]
    wake: Callable[[Collection[FileId]], None]
    has_room: Callable[[Queue], bool]
    ledger: MediaLedger = field(init=False)
    stores: Stores = field(init=False, default_factory=Stores)

    def __post_init__(self) -> None:
        """Open every store; raises InvalidSettings: a worker that could put nothing there must not start."""
        object.__setattr__(self, "ledger", MediaLedger(self.pool))
        for tenant in self.logins:
            policy = policy_of(self.configuration, tenant)
            if policy is not None:
                self.stores.check(policy.store, f"MESSAGING_CONFIG tenants.{tenant}.inbound_media.store")

    def run(self, file: FileId) -> None:
        """Do what is left to do for a file; nothing when it is done, in other hands, or no line to Twilio is free.

        What had no line stays due, and the sweep wakes it.
        """
        with self.lines.one_of(TenantKey(file.tenant)) as line:
            if line.held:
                self._copy(file)
        self._erase(file)

    def look_after(self) -> None:
        """Wake a worker for whatever is due, unless so many tasks wait that nobody seems to take them."""
        due = self.ledger.take_up(self.clock.now(), _AT_ONCE)
        if due and self.has_room(Queue.INBOUND):
            self.wake(due)

    def _copy(self, file: FileId) -> None:
        policy = policy_of(self.configuration, file.tenant)
        claimed = self.ledger.claim(file, policy.store if policy else None, self.clock.now())
        if claimed is None:
            return
        try:
            ending = self._copied(file, claimed, policy)
        except Unfit as error:
            ending = Ending("refused", f"the file {error}")
        except NotNow as error:
            ending = self._later(claimed, f"the file did not come: {error}")
        except (StoreFailed, CannotUnseal) as error:
            ending = self._later(claimed, str(error))
        if self.ledger.finish(file, claimed.attempts, ending, self.clock.now()):
            record_inbound_media(ending.state)

    def _copied(self, file: FileId, claimed: ClaimedFile, policy: InboundMediaPolicy | None) -> Ending:
        if policy is None:
            raise StoreFailed(_NO_STORE)
        url = None if claimed.payload is None else address_of(self.sealer.unseal(claimed.payload), file.number)
        if url is None:
            return Ending("refused", _NO_FORM)
        store = self.stores.at(policy.store)
        with TemporaryFile() as content:
            found = fetch(url, self.logins[file.tenant], policy, content)
            content.seek(0)
            store.put(name_of(file), content, claimed.attempts)
        return Ending("copied", content_type=found.content_type, size_bytes=found.size_bytes)

    def _later(self, claimed: ClaimedFile, explanation: str) -> Ending:
        """Come back to it, unless it was tried often enough."""
        if claimed.attempts >= MOST_ATTEMPTS:
            return Ending("failed", explanation)
        return Ending("waiting", explanation, due_at=self._after(claimed.attempts))

    def _erase(self, file: FileId) -> None:
        """Delete what has to go; also what this worker has put there while somebody asked for that."""
        left = self.ledger.leftover(file)
        if left is None:
            return
        try:
            if left.store is not None:
                self.stores.at(left.store).delete(name_of(file))
        except StoreFailed as error:
            self.ledger.put_off_erasing(file, self._after(left.attempts), str(error))
            return
        if self.ledger.note_erased(file, self.clock.now()):
            record_inbound_media("erased")

    def _after(self, attempts: int) -> datetime:
        return self.clock.now() + timedelta(seconds=backoff_seconds(attempts))
