"""The attempt ledger: a mark before each request leaves, and what became of it afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.consent.terms import UNCONDITIONAL, Terms
from messaging_pipeline.db.queries import sql
from messaging_pipeline.decide.next_step import Step
from messaging_pipeline.decide.policy import History
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.gates.verdict import Answer
from messaging_pipeline.messages.state_machine import Status, leaves_for, our_leaves_for
from messaging_pipeline.spending.allowance import Allowance


@dataclass(frozen=True, slots=True)
class Attempt:
    """One request for one message; ``cost`` is its estimate, and ``is_counted`` whether it counts towards limits."""

    message: ClaimedMessage
    number: int
    cost: Decimal | None = None
    is_counted: bool = False

    def history(self) -> History:
        """What was tried for the message, this attempt included."""
        message = self.message
        return History(self.number, message.retries, message.from_number is not None, message.expires_at)


@dataclass(frozen=True, slots=True)
class Closing:
    """An attempt, what became of it, and when Twilio is asked about it if nothing is heard before."""

    attempt: Attempt
    step: Step
    check_at: datetime | None = None

    @property
    def sent_nothing(self) -> bool:
        """Whether certainly nothing has left: what was counted for it is given back."""
        return self.step.outcome in {"refused", "not_sent"}

    @property
    def sent_nothing_counted(self) -> bool:
        """Whether limits are to be given back what the attempt has drawn from them."""
        return self.attempt.is_counted and self.sent_nothing


@dataclass(frozen=True, slots=True)
class Opening:
    """A claimed message whose request is about to leave, its price and limits, and its terms of consent."""

    message: ClaimedMessage
    lease_until: datetime
    worker: str
    allowance: Allowance | None = None
    terms: Terms = UNCONDITIONAL

    @property
    def is_counted(self) -> bool:
        """Whether the attempt counts towards a limit, or would if its price were known."""
        return self.allowance is not None and self.allowance.is_limited

    def attempt(self, number: int) -> Attempt:
        """Return the attempt that was opened under this number."""
        return Attempt(self.message, number, self.allowance.cost if self.allowance else None, self.is_counted)


@dataclass(frozen=True, slots=True)
class Page:
    """What turning the page has done.

    ``moved`` says whether the closed attempt's message moved. ``opened`` is the new attempt; without it, do not send:
    the claim is ``lost``, a request is under way, ``barred`` names the gate that will not let the message go, or
    ``full`` says what becomes of it since a limit has no room.
    """

    moved: bool
    opened: Attempt | None = None
    barred: str | None = None
    lost: bool = False
    full: Answer | None = None


_WAITING_FOR_THE_ANSWER = frozenset({Status.CLAIMED, Status.UNCONFIRMED})

_NOTHING_TO_CLOSE: Mapping[str, Any] = dict.fromkeys(
    (
        "closing_id",
        "closing_number",
        "outcome",
        "status",
        "leaves",
        "sid",
        "http_status",
        "error_code",
        "explanation",
        "due_at",
        "check_at",
        "spent",
    )
)
_NOTHING_TO_OPEN: Mapping[str, Any] = dict.fromkeys(
    ("opening_id", "claim_id", "lease_until", "worker", "shared", "needs_grant")
)


def turn_page(
    connection: Connection[TupleRow], closing: Closing | None, opening: Opening | None, now: datetime
) -> Page:
    """Close one attempt and open the next, in one statement; either may be absent. The caller commits, then sends."""
    closed = _NOTHING_TO_CLOSE if closing is None else _closing_values(closing)
    opened = _NOTHING_TO_OPEN if opening is None else _opening_values(opening)
    row = connection.execute(sql("turn_page"), {**closed, **opened, "now": now}).fetchone()
    assert row is not None, "the statement always yields one row"  # noqa: S101
    moved, number, barred, lost = row
    attempt = None if opening is None or number is None else opening.attempt(number)
    return Page(moved, attempt, barred, lost=opening is not None and lost)


def find_opened(connection: Connection[TupleRow], opening: Opening) -> Attempt | None:
    """Return the attempt that an earlier try of this opening has committed, and was not told so; renew its lease.

    Only for who knows that its own request has not left: nobody else may open an attempt under the same claim.
    """
    values = {
        "id": opening.message.id,
        "claim_id": opening.message.claim_id,
        "lease_until": opening.lease_until,
    }
    row = connection.execute(sql("find_opening"), values).fetchone()
    return None if row is None else opening.attempt(row[0])


def take_back(connection: Connection[TupleRow], attempt: Attempt) -> None:
    """Undo an opening of the same transaction; the message is still claimed."""
    connection.execute(sql("take_back_opening"), {"id": attempt.message.id, "number": attempt.number})


def start(
    connection: Connection[TupleRow], message: ClaimedMessage, *, now: datetime, lease_until: datetime, worker: str
) -> Attempt | None:
    """Mark that a request is about to leave; None means: do not send."""
    return turn_page(connection, None, Opening(message, lease_until, worker), now).opened


def finish(connection: Connection[TupleRow], attempt: Attempt, step: Step, now: datetime) -> bool:
    """Write what became of an attempt; return whether its message moved."""
    return turn_page(connection, Closing(attempt, step), None, now).moved


def bar(connection: Connection[TupleRow], message: ClaimedMessage, status: str, reason: str, now: datetime) -> bool:
    """End a claimed message that a gate will not let go; return whether it was still ours."""
    values = {"id": message.id, "claim_id": message.claim_id, "status": status, "reason": reason, "now": now}
    return connection.execute(sql("bar_claimed"), values).fetchone() is not None


def _closing_values(closing: Closing) -> dict[str, Any]:
    step = closing.step
    return {
        "closing_id": closing.attempt.message.id,
        "closing_number": closing.attempt.number,
        "outcome": step.outcome,
        "status": step.status,
        "leaves": _leaves(step),
        "sid": step.sid,
        "http_status": step.http_status,
        "error_code": step.error_code,
        "explanation": step.explanation,
        "due_at": step.due_at,
        "check_at": closing.check_at,
        "spent": int(step.spends_retry),
    }


def _opening_values(opening: Opening) -> dict[str, Any]:
    return {
        "opening_id": opening.message.id,
        "claim_id": opening.message.claim_id,
        "lease_until": opening.lease_until,
        "worker": opening.worker,
        "shared": opening.terms.shared,
        "needs_grant": opening.terms.needs_grant,
    }


def _leaves(step: Step) -> list[str]:
    """Twilio's acceptance is evidence; everything else is our own conclusion from what it answered.

    A conclusion counts while the message waits for that answer: one that was settled otherwise stays settled.
    """
    if step.outcome == "accepted":
        return leaves_for(step.status)
    return [status for status in our_leaves_for(step.status) if status in _WAITING_FOR_THE_ANSWER]
