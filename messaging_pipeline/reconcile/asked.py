"""The messages to be asked about: taken when their time has come, put off, and given up."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from psycopg.rows import class_row

from messaging_pipeline.configuration import ReconcilePolicy
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.reconcile.curve import is_given_up, next_check

ASKED_ABOUT = tuple(
    status.value
    for status in (
        Status.UNCONFIRMED,
        Status.SCHEDULED,
        Status.ACCEPTED,
        Status.QUEUED,
        Status.SENDING,
        Status.SENT,
    )
)
"""Where a message may have gone quiet. ``sent`` is often the last that Twilio tells, and often not."""

_PUT_OFF = timedelta(minutes=3)
"""When a message that was taken comes back, should the process that took it die, or Twilio not answer."""

_AT_ONCE = 200
_LOWEST_ID = UUID(int=0)
_DAY_SECONDS = 86_400
_TWO_HOURS_SECONDS = 7200


@dataclass(frozen=True, slots=True)
class QuietMessage:
    """A message that has not come to its end, and when its request left."""

    id: UUID
    service: str
    status: str
    status_at: datetime
    sid: str | None
    checks: int
    attempts: int
    to_number: str = field(repr=False)
    started_at: datetime

    @property
    def in_doubt(self) -> bool:
        """Whether it is not known to be at Twilio."""
        return self.status == Status.UNCONFIRMED


def claim_checks(pool: Pool, tenant: str, now: datetime) -> list[QuietMessage]:
    """Take messages whose time has come, and put them off, so that nobody else asks about them."""
    values = {
        "tenant": tenant,
        "now": now,
        "put_off_until": now + _PUT_OFF,
        "asked_about": list(ASKED_ABOUT),
        "limit": _AT_ONCE,
    }
    with pool.connection() as connection, connection.cursor(row_factory=class_row(QuietMessage)) as cursor:
        return cursor.execute(sql("claim_checks"), values).fetchall()


def all_quiet(pool: Pool, tenant: str) -> Iterator[list[QuietMessage]]:
    """Return every message that Twilio could be asked about, some at a time, whether or not its time has come."""
    after = _LOWEST_ID
    while True:
        values = {"tenant": tenant, "after": after, "asked_about": list(ASKED_ABOUT), "limit": _AT_ONCE}
        with pool.connection() as connection, connection.cursor(row_factory=class_row(QuietMessage)) as cursor:
            found = cursor.execute(sql("quiet_messages"), values).fetchall()
        if not found:
            return
        yield found
        after = found[-1].id


def note_no_news(pool: Pool, quiet: Sequence[QuietMessage], check_ats: Sequence[datetime]) -> None:
    """Put messages off until then, one question older."""
    if not quiet:
        return
    values = {
        "message_ids": [message.id for message in quiet],
        "statuses": [message.status for message in quiet],
        "check_ats": list(check_ats),
    }
    in_transaction(pool, lambda connection: connection.execute(sql("note_no_news"), values))


def put_off_or_give_up(pool: Pool, quiet: Sequence[QuietMessage], policy: ReconcilePolicy, now: datetime) -> int:
    """After a question without news: ask later, or not any more; return how many were given up."""
    over = [message for message in quiet if is_given_up(_last_news_at(message), policy, now)]
    on = [message for message in quiet if message not in over]
    note_no_news(pool, on, [next_check(_last_news_at(one), one.checks + 1, policy, now) for one in on])
    return give_up(pool, over, [_silence(one, policy) for one in over], now)


def give_up(pool: Pool, quiet: Collection[QuietMessage], reasons: Sequence[str], now: datetime) -> int:
    """Ask no more about these; return how many there were that had not moved or been given up before."""
    if not quiet:
        return 0
    values = {
        "message_ids": [message.id for message in quiet],
        "statuses": [message.status for message in quiet],
        "reasons": list(reasons),
        "now": now,
    }
    return len(in_transaction(pool, lambda connection: connection.execute(sql("give_up"), values).fetchall()))


def _last_news_at(message: QuietMessage) -> datetime:
    return message.started_at if message.in_doubt else message.status_at


def _silence(message: QuietMessage, policy: ReconcilePolicy) -> str:
    for_how_long = _in_words(policy.give_up_after_seconds)
    if message.in_doubt:
        return (
            f"nothing was heard for {for_how_long}; it may have been sent, and only a person can settle it now: "
            "`messaging-pipeline messages resolve`"
        )
    return f"nothing was heard for {for_how_long}; `{message.status}` is the last that Twilio told"


def _in_words(seconds: float) -> str:
    if seconds >= _DAY_SECONDS:
        return f"{seconds / _DAY_SECONDS:g} days" if seconds != _DAY_SECONDS else "a day"
    return f"{seconds / 3600:g} hours" if seconds >= _TWO_HOURS_SECONDS else f"{seconds / 60:g} minutes"
