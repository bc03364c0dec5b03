"""Takes contents, numbers, inbound payloads and rows when their time is over, tenant by tenant, a batch at a time."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.forgetting.history import LettingHistoriesGo
from messaging_pipeline.forgetting.rows import LettingRowsGo
from messaging_pipeline.inbound_media.ledger import owe_erasing
from messaging_pipeline.meters import forget_old
from messaging_pipeline.metrics import record_forgotten
from messaging_pipeline.policies.retention import RetentionPolicy
from messaging_pipeline.pseudonyms import key_of, pseudonym
from messaging_pipeline.redaction.ledger import owe_for_inbound, owe_for_messages
from messaging_pipeline.sealing import CannotUnseal, Sealer

_log = logging.getLogger(__name__)

BATCH_ROWS = 500
"""How many rows one transaction lets go of: it holds their locks for a few milliseconds."""

MOST_BATCHES = 200
"""How many batches of a kind one run takes, so that it ends; the next one goes on."""

Work = Callable[[Connection[TupleRow]], int]


@dataclass(frozen=True, slots=True)
class Retention:
    """Applies each tenant's policy. Any number of runs may go on at once: they take different rows."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    configuration: Configuration

    def run(self) -> Counter[str]:
        """Let go of what is due, as far as one run goes; return how much of each kind it was."""
        gone: Counter[str] = Counter()
        for name, tenant in sorted(self.configuration.tenants.items()):
            if tenant.retention is not None:
                self._apply(name, tenant.retention, gone)
        now = self.clock.now()
        self._repeat(lambda connection: forget_old(connection, now, BATCH_ROWS), "draw", gone)
        gone["history_month"] += LettingHistoriesGo(self.pool, self.clock, self.configuration).run()
        gone["message"] += LettingRowsGo(self.pool, self.clock, self.configuration).run()
        for kind, count in gone.items():
            record_forgotten(kind, count)
        return gone

    def _apply(self, tenant: str, policy: RetentionPolicy, gone: Counter[str]) -> None:
        now = self.clock.now()
        if policy.body_days is not None:
            due = _due(tenant, policy.body_days, now)
            self._repeat(partial(_take_contents, due=due, policy=policy, now=now), "content", gone)
        if policy.inbound_days is not None:
            over = _due(tenant, policy.inbound_days, now)
            self._repeat(partial(_take_payloads, over=over, policy=policy, now=now), "inbound", gone)
        if policy.consent_proof_days is not None:
            self._repeat(partial(_take_proofs, due=_due(tenant, policy.consent_proof_days, now)), "consent_proof", gone)
        if policy.number_days is not None:
            self._take_numbers(tenant, _due(tenant, policy.number_days, now), gone)

    def _take_numbers(self, tenant: str, due: Mapping[str, Any], gone: Counter[str]) -> None:
        try:
            key = in_transaction(self.pool, lambda one: key_of(one, self.sealer, tenant, self.clock.now()))
        except CannotUnseal as error:
            _log.error("tenant %s: its numbers stay in clear: %s", tenant, error)
            return
        values = {**due, "now": self.clock.now()}
        for kind, (find, change) in _numbers().items():
            self._repeat(partial(_hash_numbers, key=key, values=values, find=find, change=change), kind, gone)
        deletions = {
            "number_health": sql("forget_old_number_health"),
            "number_line": sql("forget_old_lines"),
            "verification": sql("forget_old_verifications"),
        }
        for kind, statement in deletions.items():
            self._repeat(partial(_delete, statement=statement, due=due), kind, gone)

    def _repeat(self, work: Work, kind: str, gone: Counter[str]) -> None:
        for _ in range(MOST_BATCHES):
            count = in_transaction(self.pool, work)
            gone[kind] += count
            if count < BATCH_ROWS:
                return


def _due(tenant: str, days: int, now: datetime) -> dict[str, Any]:
    return {"tenant": tenant, "before": now - timedelta(days=days), "limit": BATCH_ROWS}


def _take_proofs(connection: Connection[TupleRow], due: Mapping[str, Any]) -> int:
    connection.execute(sql("forget_without_hurry"))
    return connection.execute(sql("take_proofs_of_consent"), due).rowcount


def _take_contents(
    connection: Connection[TupleRow], due: Mapping[str, Any], policy: RetentionPolicy, now: datetime
) -> int:
    """Take contents and plans, and owe that Twilio's go too, if that is wanted."""
    ids = [message_id for (message_id,) in connection.execute(sql("take_contents"), due)]
    if policy.redacts_contents:
        owe_for_messages(connection, ids, now)
    return len(ids)


def _take_payloads(
    connection: Connection[TupleRow], over: Mapping[str, Any], policy: RetentionPolicy, now: datetime
) -> int:
    """Take what people wrote, and owe that the copies of their files go, and Twilio's if that is wanted."""
    sids = [sid for (sid,) in connection.execute(sql("take_payloads"), over)]
    owe_erasing(connection, over["tenant"], sids, now)
    if policy.redacts_contents:
        owe_for_inbound(connection, over["tenant"], sids, now)
    return len(sids)


def _numbers() -> Mapping[str, tuple[LiteralString, LiteralString]]:
    """Where numbers become hashes: how those that are due are found, and changed."""
    return {
        "number": (sql("numbers_to_hash"), sql("hash_numbers")),
        "inbound_number": (sql("inbound_numbers_to_hash"), sql("hash_inbound_numbers")),
        "ticket_entry": (sql("ticket_entry_numbers_to_hash"), sql("hash_ticket_entry_numbers")),
        "ticket": (sql("ticket_numbers_to_hash"), sql("hash_ticket_numbers")),
    }


def _hash_numbers(
    connection: Connection[TupleRow], key: bytes, values: Mapping[str, Any], find: LiteralString, change: LiteralString
) -> int:
    rows = connection.execute(find, values).fetchall()
    hashed = {
        "ids": [row_id for row_id, _ in rows],
        "numbers": [None if number is None else pseudonym(key, number) for _, number in rows],
    }
    return connection.execute(change, {**values, **hashed}).rowcount if rows else 0


def _delete(connection: Connection[TupleRow], statement: LiteralString, due: Mapping[str, Any]) -> int:
    return connection.execute(statement, due).rowcount
