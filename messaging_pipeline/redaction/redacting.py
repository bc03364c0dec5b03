"""Asks Twilio to empty messages and to delete their files, within the account's rate, until it has."""

import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.ids import TenantKey
from messaging_pipeline.metrics import record_redaction
from messaging_pipeline.redaction.ledger import ClaimedRedaction, Ending, RedactionLedger
from messaging_pipeline.services.lines import Lines
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.twilio_api.remote_messages import (
    AccountRefused,
    Missing,
    NotPossible,
    NotTold,
    Throttled,
    Unreachable,
)

_log = logging.getLogger(__name__)

MOST_ATTEMPTS = 120
"""With the longest wait between them that is about a month; then it is left to people."""

LONGEST_RUN_SECONDS = 50.0
"""A run ends before the next one begins, and long before a broker would give its task to another worker."""

LOOK_BACK = timedelta(days=1)
"""What has ended longer ago, while no worker ran, is owed when its content goes here."""

_AT_ONCE = 1000
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=6)
_DOUBLINGS = 10  # beyond these, every wait is the longest

_DONE = "its text and files have gone"
_GONE = "Twilio does not have it any more"


@dataclass(frozen=True, slots=True)
class Redacting:
    """Redacts; ``twilio`` has the accounts of tenants that want it. Any number of runs may go on at once."""

    pool: Pool
    clock: Clock
    configuration: Configuration
    lines: Lines
    twilio: Mapping[str, TwilioApi]
    monotonic_seconds: Callable[[], float] = time.monotonic
    ledger: RedactionLedger = field(init=False)

    def __post_init__(self) -> None:
        """Open the ledger."""
        object.__setattr__(self, "ledger", RedactionLedger(self.pool))

    def run(self) -> None:
        """Owe what is due at once, and redact, one message of each tenant in turn, while there is time."""
        if not self.twilio:
            return
        self.ledger.return_lapsed(self.clock.now())
        self._owe_what_has_ended()
        until, tenants = self.monotonic_seconds() + LONGEST_RUN_SECONDS, list(self.twilio)
        while tenants and self.monotonic_seconds() < until:
            tenants = [tenant for tenant in tenants if self._redact_one(tenant)]

    def _owe_what_has_ended(self) -> None:
        now = self.clock.now()
        for tenant in self.twilio:
            policy = self.configuration.tenants[tenant].retention
            if policy is not None and policy.redact_at_twilio == "at_end":
                self.ledger.owe_what_has_ended(tenant, now - LOOK_BACK, now, _AT_ONCE)

    def _redact_one(self, tenant: str) -> bool:
        """Redact what has waited longest; return whether to go on with this tenant."""
        with self.lines.one_of(TenantKey(tenant)) as line:
            claimed = self.ledger.claim(tenant, self.clock.now()) if line.held else None
            if claimed is None:
                return False
            told = _redact(self.twilio[tenant], claimed.sid)
        ending = self._ending(claimed, told)
        if self.ledger.finish(claimed, ending, self.clock.now()):
            record_redaction(ending.state)
        if isinstance(told, AccountRefused):
            _log.warning("tenant %s: Twilio refuses to redact for this account (%s)", tenant, told.code)
        return not isinstance(told, Throttled | Unreachable | AccountRefused)

    def _ending(self, claimed: ClaimedRedaction, told: str | NotPossible | NotTold) -> Ending:
        if isinstance(told, str):
            return Ending("done", told)
        explanation = _explained(told)
        if claimed.attempts >= MOST_ATTEMPTS:
            return Ending("failed", explanation)
        wait = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(claimed.attempts - 1, _DOUBLINGS))
        return Ending("waiting", explanation, self.clock.now() + wait)


def _redact(twilio: TwilioApi, sid: str) -> str | NotPossible | NotTold:
    """Empty a message and delete its files; return what is true of it then. Doing it again does no harm."""
    emptied = twilio.redact(sid)
    if isinstance(emptied, Missing):
        return _GONE
    if isinstance(emptied, NotPossible | NotTold):
        return emptied
    return _delete_files(twilio, sid) if emptied.num_media else _DONE


def _delete_files(twilio: TwilioApi, sid: str) -> str | NotPossible | NotTold:
    files = twilio.list_media(sid)
    if isinstance(files, Missing):
        return _GONE
    if isinstance(files, NotTold):
        return files
    for file in files:
        deleted = twilio.delete_media(sid, file.sid)
        if isinstance(deleted, NotPossible | NotTold):
            return deleted
    return _DONE


def _explained(told: NotPossible | NotTold) -> str:
    match told:
        case NotPossible():
            return f"Twilio does not do it yet ({told.code}); the message may not have ended there"
        case Throttled():
            return "Twilio has too many of the account's requests"
        case Unreachable():
            return told.explanation
        case AccountRefused():
            return f"Twilio refuses the account's request ({told.code})"
