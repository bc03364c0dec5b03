"""What a keyword does to consent: STOP withdraws it, START grants it, each with the message as its proof."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.consent.ledger import (
    ALL_SERVICES,
    Grant,
    OptOut,
    Withdrawal,
    grant,
    is_outdated,
    lock_numbers,
    withdraw,
)
from messaging_pipeline.consent.terms import ALL_TENANTS
from messaging_pipeline.ids import E164
from messaging_pipeline.keywords.hearing import Heard
from messaging_pipeline.keywords.vocabulary import Kind

Effect = Literal["withdrawn", "granted", "outdated"]

_Place = tuple[str, str, E164]
"""Whose recipient, for which scope, and who."""


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
    places = _places(heard)
    if places and heard.kind is Kind.STOP:
        said = [Withdrawal(*place, "inbound", sid=sid) for place in places]
        return Heeded("withdrawn", tuple(withdraw(connection, said, said_at)))
    if places and heard.kind is Kind.START:
        return _granted(connection, [Grant(*place, "inbound", sid=sid) for place in places], said_at)
    return Heeded()


def _places(heard: Heard) -> list[_Place]:
    """What is said everywhere is said to the tenant too, whose own ledger shows it."""
    scopes = [ALL_SERVICES] if heard.every_service else [heard.service, *heard.beside]
    if heard.number is None:
        return []
    own: list[_Place] = [(heard.tenant, scope, heard.number) for scope in scopes if scope is not None]
    return [*own, (ALL_TENANTS, ALL_SERVICES, heard.number)] if own and heard.everywhere else own


def _granted(connection: Connection[TupleRow], grants: Sequence[Grant], said_at: datetime) -> Heeded:
    lock_numbers(connection, grants)
    fresh = [one for one in grants if not is_outdated(connection, one, said_at)]
    grant(connection, fresh, said_at)
    return Heeded("granted" if fresh else "outdated")
