"""What an operator changes: a number is opted out, or in again, and the ledger says on whose word."""

from dataclasses import dataclass
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.consent.ledger import Grant, Withdrawal, grant, withdraw
from messaging_pipeline.consent.opt_outs import list_opt_outs
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.ids import E164


@dataclass(frozen=True, slots=True)
class Changed:
    """The scopes whose opt-out came into force or was lifted, and those in force now."""

    scopes: tuple[str, ...]
    in_force: tuple[str, ...]


def opt_out(pool: Pool, tenant: str, scope: str, number: E164, note: str | None, now: datetime) -> Changed:
    """Write a number to no more; said again, it is one more line and changes nothing else."""
    said = Withdrawal(tenant, scope, number, "operator", note=note)

    def work(connection: Connection[TupleRow]) -> Changed:
        changed = withdraw(connection, [said], now)
        return Changed(tuple(one.scope for one in changed), _in_force(connection, tenant, number))

    return in_transaction(pool, work)


def opt_in(pool: Pool, tenant: str, scope: str, number: E164, note: str | None, now: datetime) -> Changed:
    """Let a number be written to again, as far as the scope goes."""
    said = Grant(tenant, scope, number, "operator", note=note)

    def work(connection: Connection[TupleRow]) -> Changed:
        changed = grant(connection, [said], now)
        return Changed(tuple(one.scope for one in changed), _in_force(connection, tenant, number))

    return in_transaction(pool, work)


def _in_force(connection: Connection[TupleRow], tenant: str, number: E164) -> tuple[str, ...]:
    return tuple(sorted(row["scope"] for row in list_opt_outs(connection, tenant, number=number)))
