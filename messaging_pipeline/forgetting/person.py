"""Erases a person: what has not left is withdrawn, and whatever tells of them goes, save the proof of consent."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.accept.cancel import Canceling
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool, in_transaction, transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import NotAllowed, NotReachable
from messaging_pipeline.ids import E164, MessageId
from messaging_pipeline.inbound_media.ledger import owe_erasing
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.pseudonyms import ERASED, forms_of
from messaging_pipeline.redaction.ledger import owe_for_inbound, owe_for_messages
from messaging_pipeline.sealing import Sealer

_BATCH_ROWS = 500
_CAN_BE_WITHDRAWN = frozenset({Status.PENDING, Status.CLAIMED, Status.SCHEDULED})
_WITHDRAWN = "the recipient was erased"


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure did: ``left`` are the messages that it could not take, and where they are.

    ``files`` are copies of what the person sent, and ``redactions`` messages at Twilio: workers do these next.
    ``tickets`` and ``tickets_left`` count what was written down about tickets, not the tickets at the desk.
    """

    canceled: int
    messages: int
    inbound: int
    files: int
    fallback_steps: int
    number_health: int
    tickets: int
    tickets_left: int
    left: tuple[tuple[UUID, str], ...]
    consent_lines: int
    opt_outs: int
    consent_proofs: int
    redactions: int


@dataclass(frozen=True, slots=True)
class _Message:
    id: UUID
    status: str
    has_ended: bool


@dataclass(frozen=True, slots=True)
class _Batch:
    messages: int
    steps: int
    redactions: int


@dataclass(frozen=True, slots=True)
class _Beside:
    inbound: int
    files: int
    redactions: int
    tickets: int
    tickets_left: int
    number_health: int


@dataclass(frozen=True, slots=True)
class Erasing:
    """Erases people, one tenant's at a time; again changes nothing more."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    canceling: Canceling
    configuration: Configuration

    def erase(self, tenant: str, number: E164) -> Erased:
        """Erase what a tenant holds of a number, in clear or hashed; raises CannotUnseal.

        A message that is on its way to the person stays until it has ended: without its number and text, nobody could
        tell what became of it, and it might be sent again.
        """
        with self.pool.connection() as connection:
            forms = forms_of(connection, self.sealer, tenant, number)
        open_ones = [one for one in self._messages(tenant, forms) if not one.has_ended]
        canceled = sum(self._withdraw(tenant, one) for one in open_ones)
        ended = [one.id for one in self._messages(tenant, forms) if one.has_ended]
        batches = [ended[start : start + _BATCH_ROWS] for start in range(0, len(ended), _BATCH_ROWS)]
        redacts = self._redacts(tenant)
        counts = [self._erase_batch(forms, batch, redacts) for batch in batches]
        now = self.clock.now()
        beside = in_transaction(self.pool, lambda one: _erase_beside(one, tenant, forms, now, redacts))
        consent_lines, opt_outs, consent_proofs = self._proof(tenant, number)
        return Erased(
            canceled=canceled,
            messages=sum(one.messages for one in counts),
            inbound=beside.inbound,
            files=beside.files,
            fallback_steps=sum(one.steps for one in counts),
            number_health=beside.number_health,
            tickets=beside.tickets,
            tickets_left=beside.tickets_left,
            left=tuple((one.id, one.status) for one in self._messages(tenant, forms)),
            consent_lines=consent_lines,
            opt_outs=opt_outs,
            consent_proofs=consent_proofs,
            redactions=beside.redactions + sum(one.redactions for one in counts),
        )

    def _redacts(self, tenant: str) -> bool:
        known = self.configuration.tenants.get(tenant)
        policy = known.retention if known else None
        return policy is not None and policy.redact_at_twilio != "never"

    def _messages(self, tenant: str, forms: Sequence[str]) -> list[_Message]:
        with transaction(self.pool) as connection:
            connection.execute(sql("forget_without_hurry"))
            values = {"tenant": tenant, "numbers": list(forms)}
            return [_Message(*row) for row in connection.execute(sql("messages_of_number"), values)]

    def _withdraw(self, tenant: str, message: _Message) -> bool:
        if message.status not in _CAN_BE_WITHDRAWN:
            return False
        try:
            self.canceling.cancel(MessageId(message.id), tenant)
        except (NotAllowed, NotReachable):
            return False
        return True

    def _erase_batch(self, forms: Sequence[str], ids: Sequence[UUID], redacts: bool) -> _Batch:
        values: dict[str, Any] = {
            "ids": list(ids),
            "numbers": list(forms),
            "erased": ERASED,
            "reason": _WITHDRAWN,
            "now": self.clock.now(),
        }
        return in_transaction(self.pool, lambda connection: _erase_messages(connection, values, redacts))

    def _proof(self, tenant: str, number: E164) -> tuple[int, int, int]:
        """Let go of what proves nothing that is needed; count the lines, the opt-outs and the proofs that stay."""
        key = {"tenant": tenant, "number": number}
        with transaction(self.pool) as connection:
            connection.execute(sql("erase_proofs_of_withdrawals"), key)
            row = connection.execute(sql("count_proof_of_consent"), key).fetchone()
        return (int(row[0]), int(row[1]), int(row[2])) if row else (0, 0, 0)


def _erase_messages(connection: Connection[TupleRow], values: dict[str, Any], redacts: bool) -> _Batch:
    connection.execute(sql("lock_messages_to_erase"), values)
    steps = connection.execute(sql("withdraw_waiting_steps"), values).rowcount
    connection.execute(sql("withdraw_mms_links"), values)
    erased = [message_id for (message_id,) in connection.execute(sql("erase_messages"), values)]
    redactions = owe_for_messages(connection, erased, values["now"]) if redacts else 0
    return _Batch(len(erased), steps, redactions)


def _erase_beside(
    connection: Connection[TupleRow], tenant: str, forms: Sequence[str], now: datetime, redacts: bool
) -> _Beside:
    connection.execute(sql("forget_without_hurry"))
    values = {"tenant": tenant, "numbers": list(forms), "erased": ERASED}
    inbound = [sid for (sid,) in connection.execute(sql("erase_inbound_messages"), values)]
    files = owe_erasing(connection, tenant, inbound, now)
    redactions = owe_for_inbound(connection, tenant, inbound, now) if redacts else 0
    entries = connection.execute(sql("erase_ticket_entries"), values).rowcount
    tickets = connection.execute(sql("erase_tickets"), values).rowcount
    left = connection.execute(sql("count_ticket_entries"), values).fetchone()
    health = connection.execute(sql("erase_number_health"), values).rowcount
    health += connection.execute(sql("forget_line"), values).rowcount
    return _Beside(len(inbound), files, redactions, entries + tickets, int(left[0]) if left else 0, health)
