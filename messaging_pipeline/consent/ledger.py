"""The consent ledger: every withdrawal and every grant is a line, and the list of opt-outs follows from the lines.

Store functions: they take a connection inside the caller's transaction and never commit. Call them after the messages
are locked, each at most once in a transaction; then batches never deadlock.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.consent.terms import UNCONDITIONAL, Terms
from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import E164

#: The scope that covers every service of a tenant. No service can be called so.
ALL_SERVICES = "*"

Source = Literal[
    "create",
    "callback",
    "reconcile",
    "operator",
    "import",
    "inbound",
    "application",
    "website",
    "offline",
    "opt-in-message",
    "opt-out-message",
    "others",
]
"""Where we heard it; from ``website`` on in the words of Twilio's interface for consent."""


class AboutNumber(Protocol):
    """Whatever is said about a tenant's recipient."""

    @property
    def tenant(self) -> str:
        """Whose recipient it is."""

    @property
    def number(self) -> E164:
        """Who it is."""


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """Somebody does not want to be written to any more.

    ``scope`` is a service's key, or ALL_SERVICES. ``sid`` is the message at Twilio that proves it; where Twilio made
    none, ``message_id`` is the proof. The same proof counts once.
    """

    tenant: str
    scope: str
    number: E164
    source: Source
    sid: str | None = None
    message_id: UUID | None = None
    error_code: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """Somebody may be written to again; with ALL_SERVICES, whatever they have withdrawn from before."""

    tenant: str
    scope: str
    number: E164
    source: Source
    sid: str | None = None
    message_id: UUID | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class OptOut:
    """A number that a service, or all of a tenant's, must not write to; ``source`` is what brought or lifted it."""

    tenant: str
    scope: str
    number: E164
    source: Source


def withdraw(connection: Connection[TupleRow], withdrawals: Sequence[Withdrawal], now: datetime) -> list[OptOut]:
    """Write withdrawals down; return the opt-outs that came into force, to be counted after the commit.

    What the same proof has said before is no news: it adds no line, and brings nothing back that was lifted since.
    """
    if not withdrawals:
        return []
    lock_numbers(connection, withdrawals)
    values = {**_columns(withdrawals), "error_codes": [one.error_code for one in withdrawals], "now": now}
    return [OptOut(*row) for row in connection.execute(sql("withdraw_consent"), values)]


def grant(connection: Connection[TupleRow], grants: Sequence[Grant], now: datetime) -> list[OptOut]:
    """Write grants down; return the opt-outs that they lifted.

    A grant to one service lifts that service's opt-out and leaves one from all services in force.
    """
    if not grants:
        return []
    lock_numbers(connection, grants)
    return [OptOut(*row) for row in connection.execute(sql("grant_consent"), {**_columns(grants), "now": now})]


def is_outdated(connection: Connection[TupleRow], grant: Grant, said_at: datetime) -> bool:
    """Tell whether something that a grant would lift was withdrawn after the grant was said.

    It holds the number's lock until the commit, so that nobody withdraws between the answer and the grant.
    """
    lock_numbers(connection, [grant])
    key = {"tenant": grant.tenant, "scope": grant.scope, "number": grant.number, "said_at": said_at}
    return connection.execute(sql("is_withdrawn_since"), key).fetchone() == (True,)


def is_opted_out(
    connection: Connection[TupleRow], tenant: str, service: str, number: E164, terms: Terms = UNCONDITIONAL
) -> bool:
    """Tell whether a service must not write to a number."""
    key = {"tenant": tenant, "service": service, "number": number, "shared": terms.shared}
    return connection.execute(sql("is_opted_out"), key).fetchone() == (True,)


def has_consented(connection: Connection[TupleRow], tenant: str, service: str, number: E164) -> bool:
    """Tell whether a service was ever let write to a number; one that has opted out since has not."""
    key = {"tenant": tenant, "service": service, "number": number}
    return connection.execute(sql("has_consented"), key).fetchone() == (True,)


def lock_numbers(connection: Connection[TupleRow], entries: Sequence[AboutNumber]) -> None:
    """Wait for whoever writes about these numbers, in a statement of its own: the next one sees what they wrote."""
    numbers = {"tenants": [one.tenant for one in entries], "numbers": [one.number for one in entries]}
    connection.execute(sql("lock_consent_of"), numbers)


def _columns(entries: Sequence[Withdrawal] | Sequence[Grant]) -> dict[str, list[Any]]:
    return {
        "tenants": [one.tenant for one in entries],
        "scopes": [one.scope for one in entries],
        "numbers": [one.number for one in entries],
        "sources": [one.source for one in entries],
        "sids": [one.sid for one in entries],
        "message_ids": [one.message_id for one in entries],
        "notes": [one.note for one in entries],
    }
