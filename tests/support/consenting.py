"""Withdrawals and grants with defaults for what a test does not care about, and what has come of them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, LiteralString

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.consent.ledger import Grant, Withdrawal
from messaging_pipeline.consent.statements import Statement
from messaging_pipeline.ids import E164
from messaging_pipeline.number_health import record_heard

NUMBER = E164("+14155550123")


def a_withdrawal(**changes: Any) -> Withdrawal:
    """Somebody said stop to the service `default`; nothing proves it but an operator's word."""
    return replace(Withdrawal("default", "default", NUMBER, "operator"), **changes)


def a_grant(**changes: Any) -> Grant:
    """Somebody said yes to the service `default`."""
    return replace(Grant("default", "default", NUMBER, "operator"), **changes)


def a_statement(**changes: Any) -> Statement:
    """Somebody said stop to the service `default` at noon, and a file tells us."""
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    return replace(Statement("default", "default", NUMBER, "withdrawn", noon, "import"), **changes)


def number(last_digits: int) -> E164:
    """One of many numbers."""
    return E164(f"+1415555{last_digits:04}")


def lines(connection: Connection[TupleRow]) -> list[tuple[str, str, str]]:
    """The ledger, oldest line first: whose number, for which scope, and what has changed."""
    return connection.execute("select number, scope, change from consent_events order by id").fetchall()


def in_force(connection: Connection[TupleRow]) -> set[tuple[str, str, str]]:
    """Every opt-out: tenant, scope and number."""
    return set(connection.execute("select tenant, scope, number from opt_outs").fetchall())


def derived(connection: Connection[TupleRow], order: LiteralString = "id") -> set[tuple[str, str, str]]:
    """The opt-outs that follow from reading the ledger from its beginning; in another order for what is backdated."""
    opted_out: set[tuple[str, str, str]] = set()
    for row in connection.execute(f"select tenant, scope, number, change from consent_events order by {order}"):
        tenant, scope, number, change = row
        if change == "withdrawn":
            opted_out.add((tenant, scope, number))
        else:
            opted_out = {one for one in opted_out if one[::2] != (tenant, number) or scope not in (one[1], "*")}
    return opted_out


def record_unknown(
    connection: Connection[TupleRow], reports: Sequence[tuple[str, E164, int]], now: datetime
) -> list[tuple[str, E164]]:
    """Let carriers say of numbers (tenant, number, error code) that they do not know them."""
    return record_heard(connection, unknown=reports, reached=[], now=now)
