"""The sweep: finds what nobody is looking after and puts it back on its way.

It is what makes the broker disposable: whatever wake-up was lost, the next sweep sends another.
"""

import logging
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta

from psycopg.rows import class_row

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.decide.waits import ASK_ABOUT_DOUBT
from messaging_pipeline.deliver.link_texts import LinkTexts
from messaging_pipeline.fallback.run import MOST_ATTEMPTS
from messaging_pipeline.fallback.start import StepId, start_fallbacks
from messaging_pipeline.follow.apply_evidence import Evidence, Following
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.keyword_handlers.start import CallId
from messaging_pipeline.metrics import record_keyword_call, record_status, record_swept, record_ticket_entry
from messaging_pipeline.queues import Queue
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.tickets.start import EntryId
from messaging_pipeline.waking.bell import Bell

_log = logging.getLogger(__name__)

#: Rows put right in one statement: enough to catch up quickly, few enough to hold locks only briefly.
_AT_ONCE = 500

#: Messages that are due before the next sweep get an alarm, so that they leave on time.
_LOOK_AHEAD = timedelta(seconds=6)
#: How long a part of a conversation that may have been sent holds up those after it.
_DOUBT_HOLDS_UP = timedelta(minutes=2)
#: A callback about a SID that nobody has claimed for so long is about a message that is not ours.
_UNMATCHED_FOR = timedelta(days=7)

#: No request takes so long: its timeouts add up to less.
_LONGEST_ATTEMPT = timedelta(minutes=2)

_DOUBT = "the worker stopped while a request was under way; the message may have been sent"
_RELIEF = "the worker stopped before the request left"
_FALLBACK_DOUBT = "the worker stopped while it was leaving"
_TICKET_DOUBT = "the worker stopped while the entry was leaving; it may stand in a ticket"
_HANDLER_LAPSED = "the worker stopped during the call, or took too long"
_TOO_LATE = "its time ran out before it could be sent"


@dataclass(frozen=True, slots=True)
class Sweep:
    """Run every few seconds; running twice at once does no harm.

    What is due is woken again by each sweep until somebody takes it. Where nobody does, ``has_room`` says no before the
    broker is full of it.
    """

    pool: Pool
    clock: Clock
    configuration: Configuration
    sealer: Sealer
    bell: Bell
    following: Following
    link_texts: LinkTexts
    wake_fallbacks: Callable[[list[StepId]], None]
    wake_tickets: Callable[[Collection[EntryId]], None]
    wake_handlers: Callable[[Collection[CallId]], None]
    has_room: Callable[[Queue], bool]
    look_after_media: Callable[[], None]
    look_after_notices: Callable[[], None]

    def run(self) -> None:
        """Put right what lapsed, then wake everybody who has something to do.

        What goes wrong with one duty keeps none of the others from being done; the error is raised at the end.
        """
        with ExitStack() as duties:  # last in, first out
            duties.callback(self._disown_strangers)
            duties.callback(self._wake_services)
            duties.callback(self._release_followers)
            duties.callback(self._forget_unmatched_callbacks)
            duties.callback(self.link_texts.run, _AT_ONCE)
            duties.callback(self._look_after_handlers)
            duties.callback(self.look_after_notices)
            duties.callback(self.look_after_media)
            duties.callback(self._look_after_tickets)
            duties.callback(self._look_after_fallbacks)
            duties.callback(self._apply_matched_callbacks)
            duties.callback(self._expire_overdue)
            duties.callback(self._doubt_forgotten_attempts)
            duties.callback(self._return_lapsed_claims)

    def _return_lapsed_claims(self) -> None:
        now = self.clock.now()
        values = {
            "now": now,
            "limit": _AT_ONCE,
            "doubt": _DOUBT,
            "relief": _RELIEF,
            "check_at": now + ASK_ABOUT_DOUBT,
        }
        rows = in_transaction(
            self.pool, lambda connection: connection.execute(sql("return_lapsed_claims"), values).fetchall()
        )
        doubtful = [service for _, service, status in rows if status == "unconfirmed"]
        for service in doubtful:
            record_status(service, "unconfirmed")
        record_swept("unconfirmed", len(doubtful))
        record_swept("returned", len(rows) - len(doubtful))

    def _doubt_forgotten_attempts(self) -> None:
        now = self.clock.now()
        values = {"started_before": now - _LONGEST_ATTEMPT, "now": now, "limit": _AT_ONCE, "doubt": _DOUBT}
        in_transaction(self.pool, lambda connection: connection.execute(sql("doubt_forgotten_attempts"), values))

    def _expire_overdue(self) -> None:
        now = self.clock.now()
        with self.pool.connection() as connection, connection.transaction():
            values = {"now": now, "limit": _AT_ONCE, "reason": _TOO_LATE}
            rows = connection.execute(sql("expire_overdue"), values).fetchall()
            steps = start_fallbacks(connection, self.sealer, [MessageId(row[0]) for row in rows], now)
        for _, service in rows:
            record_status(service, "expired")
        record_swept("expired", len(rows))
        self.wake_fallbacks(steps)

    def _apply_matched_callbacks(self) -> None:
        with self.pool.connection() as connection, connection.transaction():
            cursor = connection.cursor(row_factory=class_row(Evidence))
            matched = cursor.execute(sql("take_matched_callbacks"), {"limit": _AT_ONCE}).fetchall()
            outcome = self.following.write(connection, matched)
        record_swept("matched", len(matched))
        self.following.announce(outcome)

    def _look_after_fallbacks(self) -> None:
        now = self.clock.now()
        with self.pool.connection() as connection:
            words = {"now": now, "doubt": _FALLBACK_DOUBT, "most_attempts": MOST_ATTEMPTS}
            lapsed = connection.execute(sql("doubt_lapsed_fallback_steps"), words).fetchall()
            connection.execute(sql("start_planned_steps"), {"now": now, "limit": _AT_ONCE})
            due = connection.execute(sql("fallback_steps_due"), {"now": now, "limit": _AT_ONCE}).fetchall()
        record_swept("fallback_unconfirmed", len(lapsed))
        if due and self.has_room(Queue.FALLBACK):
            self.wake_fallbacks([StepId(MessageId(message_id), number) for message_id, number in due])

    def _look_after_tickets(self) -> None:
        now = self.clock.now()
        with self.pool.connection() as connection:
            words = {"now": now, "relief": _RELIEF, "doubt": _TICKET_DOUBT}
            lapsed = connection.execute(sql("settle_lapsed_ticket_entries"), words).fetchall()
            due = connection.execute(sql("ticket_entries_due"), {"now": now, "limit": _AT_ONCE}).fetchall()
        for desk, state in lapsed:
            record_ticket_entry(desk, state)
        if due and self.has_room(Queue.INBOUND):
            self.wake_tickets([EntryId(tenant, sid) for tenant, sid in due])

    def _look_after_handlers(self) -> None:
        now = self.clock.now()
        with self.pool.connection() as connection:
            words = {"now": now, "reason": _HANDLER_LAPSED}
            lapsed = connection.execute(sql("return_lapsed_keyword_calls"), words).fetchall()
            due = connection.execute(sql("keyword_calls_due"), {"now": now, "limit": _AT_ONCE}).fetchall()
        for word, state in lapsed:
            record_keyword_call(word, state)
        if due and self.has_room(Queue.INBOUND):
            self.wake_handlers([CallId(tenant, sid) for tenant, sid in due])

    def _release_followers(self) -> None:
        values = {"doubt_before": self.clock.now() - _DOUBT_HOLDS_UP, "limit": _AT_ONCE}
        rows = in_transaction(
            self.pool, lambda connection: connection.execute(sql("release_followers"), values).fetchall()
        )
        record_swept("released", len(rows))

    def _forget_unmatched_callbacks(self) -> None:
        with self.pool.connection() as connection:
            values = {"before": self.clock.now() - _UNMATCHED_FOR}
            record_swept("forgotten", connection.execute(sql("forget_unmatched_callbacks"), values).rowcount)

    def _wake_services(self) -> None:
        """Wake those who have something due, and set the alarm of those who will have before the next sweep."""
        now = self.clock.now()
        values = {"services": list(self.configuration.services), "until": now + _LOOK_AHEAD}
        with self.pool.connection() as connection:
            rows = connection.execute(sql("next_due_of_services"), values).fetchall()
        for service, due_at in rows:
            if due_at <= now:
                self.bell.ring(ServiceKey(service))
            else:
                self.bell.ring_later(ServiceKey(service), (due_at - now).total_seconds())
        record_swept("woken", len(rows))

    def _disown_strangers(self) -> None:
        """Say which services' messages wait that no file of ours names: nobody here will ever send them."""
        with self.pool.connection() as connection:
            rows = connection.execute(sql("strangers"), {"services": list(self.configuration.services)}).fetchall()
        for (service,) in rows:
            self.bell.disown(ServiceKey(service))
