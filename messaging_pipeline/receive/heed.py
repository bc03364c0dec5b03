"""What a keyword does to consent: STOP withdraws it, START grants it, each with the message as its proof."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.consent.ledger import ALL_SERVICES, Grant, OptOut, Withdrawal, grant, is_outdated, withdraw
from messaging_pipeline.ids import E164
from messaging_pipeline.keywords.hearing import Heard
from messaging_pipeline.keywords.vocabulary import Kind

Effect = Literal["withdrawn", "granted", "outdated"]


@dataclass(frozen=True, slots=True)
class Heeded:
    """What came of a keyword, and the opt-outs that came into force by it."""

    effect: Effect | None = None
    opted_out: tuple[OptOut, ...] = ()


def heed(connection: Connection[TupleRow], heard: Heard, sid: str, said_at: datetime) -> Heeded:
    """Write down what a message says about consent; it takes the caller's transaction and never commits.

    Withdrawals bear the time at which they were said. So a START that was lost, and is brought home by reconciliation,
    is known to be older than the STOP that came after it.
    """
    scope = ALL_SERVICES if heard.every_service else heard.service
    if heard.number is None or scope is None:
        return Heeded()
    if heard.kind is Kind.STOP:
        return _withdrawn(connection, Withdrawal(heard.tenant, scope, heard.number, "inbound", sid=sid), said_at)
    if heard.kind is Kind.START:
        return _granted(connection, heard, heard.number, scope, sid, said_at)
    return Heeded()


def _withdrawn(connection: Connection[TupleRow], withdrawal: Withdrawal, said_at: datetime) -> Heeded:
    return Heeded("withdrawn", tuple(withdraw(connection, [withdrawal], said_at)))


def _granted(
    connection: Connection[TupleRow], heard: Heard, number: E164, scope: str, sid: str, said_at: datetime
) -> Heeded:
    said = Grant(heard.tenant, scope, number, "inbound", sid=sid)
    if is_outdated(connection, said, said_at):
        return Heeded("outdated")
    grant(connection, [said], said_at)
    return Heeded("granted")
