"""Accepting a message: one committed row, whoever asks and however often, then a wake-up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow
from psycopg.types.json import Jsonb

from messaging_pipeline.accept.as_sent import as_sent, see_to_media
from messaging_pipeline.accept.first_message import FirstMessages
from messaging_pipeline.accept.gates import count_what_gates_said, past_the_gates, question_of, require_sender
from messaging_pipeline.accept.request import SendRequest, parse_send_request
from messaging_pipeline.accept.tags import refuse_slips
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from messaging_pipeline.fallback.start import plan_by_the_clock
from messaging_pipeline.ids import MessageId, ServiceKey, new_message_id
from messaging_pipeline.messages.plan import Step
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.metrics import record_accepted
from messaging_pipeline.policies.events import refuse_unknown_wish, wishes_of
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.services.board import ServiceBoard
from messaging_pipeline.traces.spans import accepted, handed_over
from messaging_pipeline.waking.bell import Bell


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of a message that was handed over: its id, and whether it was new or had been accepted before."""

    message_id: MessageId
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Written:
    """A message that is there now, as it was written down; ``is_new`` says whether by us."""

    message_id: MessageId
    request: SendRequest
    is_new: bool


@dataclass(frozen=True, slots=True)
class Accepting:
    """The desk where messages are handed in."""

    pool: Pool
    sealer: Sealer
    configuration: Configuration
    clock: Clock
    bell: Bell
    board: ServiceBoard
    first_messages: FirstMessages

    def accept(self, arguments: Mapping[str, Any], note: str | None = None) -> MessageId:
        """Write down one message and wake a worker; return its id, or the first one's on a repeat.

        ``note`` is kept in the message's history, in place of what we would say ourselves.

        Raises InvalidInput and IdempotencyConflict, with nothing written, and psycopg's errors when the
        database is away: then the caller still has the message. A broker that is away is no error: the row is
        committed, and the sweep wakes it.
        """
        return self.hand_over(arguments, note).message_id

    def hand_over(self, arguments: Mapping[str, Any], note: str | None = None) -> HandedOver:
        """Accept a message, as ``accept`` does, and tell a new one from a repeat."""
        now = self.clock.now()
        request = self._checked(arguments, now)
        request = request if note is None else replace(request, note=note)
        (written,) = in_transaction(self.pool, lambda connection: self._write(connection, [request], now))
        self._announce([written], now)
        handed_over(written.message_id, tenant=request.tenant, service=request.service)
        return HandedOver(written.message_id, written.is_new)

    def accept_all(self, requests: list[SendRequest]) -> list[MessageId]:
        """Write down many checked messages in one transaction: all of them, or none."""
        now = self.clock.now()
        written = in_transaction(self.pool, lambda connection: self._write(connection, requests, now))
        self._announce(written, now)
        return [one.message_id for one in written]

    def check(self, arguments: Mapping[str, Any]) -> SendRequest:
        """Check a request without writing it; raises InvalidInput."""
        return self._checked(arguments, self.clock.now())

    def _checked(self, arguments: Mapping[str, Any], now: datetime) -> SendRequest:
        request = as_sent(parse_send_request(arguments, now), self.configuration)
        service = self.configuration.service(request.service, request.tenant)
        require_sender(request, service)
        refuse_slips(request, self.configuration)
        refuse_unknown_wish(self.configuration.events, request.tenant, request.tags)
        self.configuration.check_plan(request.fallback or (), request.tenant)
        if not self.board.standing(request.service).accepting:
            raise InvalidInput(
                "service",
                f"{request.service!r} is drained and accepts nothing new",
                "use another service, or run `messaging-pipeline services resume`",
            )
        try:
            passed = past_the_gates(request, question_of(request, self.configuration, service, now))
        except InvalidInput:
            with self.pool.connection() as connection:
                if self._is_repeat(connection, request):
                    return request
            raise
        return see_to_media(passed, self.configuration.media, service, now)

    def _is_repeat(self, connection: Connection[TupleRow], request: SendRequest) -> bool:
        """A repeat gets the first message's id even when a gate has closed since; nothing new is written for it."""
        if request.message_id is None and request.idempotency_key is None:
            return False
        key = {"id": request.message_id, "tenant": request.tenant, "idempotency_key": request.idempotency_key}
        found = connection.execute(sql("find_earlier_message"), key).fetchone()
        if found is None:
            return False
        _, tenant, fingerprint, _ = found
        return bool(tenant == request.tenant and self.sealer.recognises(fingerprint, request.identity()))

    def _write(
        self, connection: Connection[TupleRow], requests: Sequence[SendRequest], now: datetime
    ) -> list[_Written]:
        keys = [f"{request.service}/{request.sequence}" for request in requests if request.sequence is not None]
        if keys:
            connection.execute(sql("lock_sequences"), {"keys": keys})
        self.first_messages.take_turns(connection, requests)
        return [self._write_one(connection, request, now) for request in requests]

    def _write_one(self, connection: Connection[TupleRow], asked: SendRequest, now: datetime) -> _Written:
        request = self._introduced(connection, asked, now)
        plan = self._plan(request)
        row = self._row(request, plan, now)
        while connection.execute(sql("insert_message"), row).fetchone() is None:
            earlier = self._earlier(connection, request, row)
            if earlier is not None:
                return _Written(earlier, request, is_new=False)
        plan_by_the_clock(connection, row["id"], plan, row["due_at"], now)
        return _Written(row["id"], request, is_new=True)

    def _introduced(self, connection: Connection[TupleRow], request: SendRequest, now: datetime) -> SendRequest:
        try:
            return self.first_messages.see_to(connection, request, now)
        except InvalidInput:
            if self._is_repeat(connection, request):
                return request
            raise

    def _plan(self, request: SendRequest) -> tuple[Step, ...]:
        """The message's own plan, or else its service's; an empty one of its own means none."""
        if request.fallback is not None:
            return request.fallback
        return self.configuration.service(request.service, request.tenant).fallback

    def _row(self, request: SendRequest, plan: Sequence[Step], now: datetime) -> dict[str, Any]:
        weight = request.content.weight()
        return {
            "id": request.message_id or new_message_id(),
            "tenant": request.tenant,
            "service": request.service,
            "to_number": request.to,
            "from_number": request.from_,
            "content": self.sealer.seal(request.content.as_json()),
            "fallback": self.sealer.seal([step.as_json() for step in plan]) if plan else None,
            "encoding": weight.encoding,
            "segments": weight.segments,
            "priority": request.priority,
            "status": Status.PENDING,
            "due_at": request.leaves_at(now),
            "expires_at": request.expires_at,
            "reason": request.waits.verdict.reason if request.waits else None,
            "gate": request.waits.gate if request.waits else None,
            "introduces": request.introduces,
            "note": request.told(),
            "tags": Jsonb(dict(request.tags)),
            "notify": wishes_of(self.configuration.events, request.tenant, request.service, request.tags),
            "idempotency_key": request.idempotency_key,
            "sequence": request.sequence,
            "fingerprint": self.sealer.fingerprint(request.identity()),
            "now": now,
        }

    def _earlier(
        self, connection: Connection[TupleRow], request: SendRequest, row: Mapping[str, Any]
    ) -> MessageId | None:
        """Find the message that was in the way; None when retention let go of its row just now, and the way is free."""
        found = connection.execute(sql("find_earlier_message"), row).fetchone()
        if found is None:
            return None
        first, tenant, fingerprint, same_id = found
        if tenant != request.tenant:
            raise InvalidInput("message_id", "is taken", "make a new UUID for each message")
        if not self.sealer.recognises(fingerprint, request.identity()):
            raise IdempotencyConflict("message_id" if same_id else "idempotency_key", UUID(str(first)))
        return MessageId(first)

    def _announce(self, written: Sequence[_Written], now: datetime) -> None:
        fresh = [(one.message_id, one.request) for one in written if one.is_new]
        for message_id, request in fresh:
            record_accepted(request.service, 1)
            accepted(message_id, tenant=request.tenant, service=request.service)
            count_what_gates_said(request)
        self._wake({request.service for _, request in fresh if _due(request, now)})

    def _wake(self, services: set[ServiceKey]) -> None:
        for service in sorted(services):
            self.bell.ring(service)


def _due(request: SendRequest, now: datetime) -> bool:
    return request.leaves_at(now) <= now
