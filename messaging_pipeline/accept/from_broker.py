"""Accepting what comes by the broker, where nobody waits for an answer: a bad send leaves a record, not silence."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import NAMESPACE_OID, UUID, uuid5

from psycopg.types.json import Jsonb

from messaging_pipeline.accept.accept import Accepting
from messaging_pipeline.accept.gates import REFUSALS
from messaging_pipeline.accept.request import ARGUMENTS, SendRequest
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from messaging_pipeline.ids import MessageId
from messaging_pipeline.log import about
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.messages.storable import storable
from messaging_pipeline.metrics import record_rejected
from messaging_pipeline.policies.events import wishes_of

_log = logging.getLogger(__name__)

_MOST_CHARACTERS_KEPT = 100
_FIELDS = ARGUMENTS | set(REFUSALS.values())


@dataclass(frozen=True, slots=True)
class AcceptingFromBroker:
    """Accepts tasks. A redelivered task finds its message written down and changes nothing."""

    accepting: Accepting

    def send(self, arguments: Mapping[str, Any], task_id: str, *, unnamed: int = 0) -> MessageId:
        """Accept one send. Its id is the caller's ``message_id``, or else the task's own id.

        ``unnamed`` is how many arguments were given by position, of which nobody can tell what they are.
        """
        named = {"message_id": str(message_id_of(task_id)), **_given(arguments)}
        with about(message_id=_uuid(named["message_id"])):
            try:
                _refuse_unnamed(unnamed)
                return self.accepting.accept(named)
            except (InvalidInput, IdempotencyConflict) as error:
                return self._reject(named, error)

    def send_many(self, messages: object, shared: Mapping[str, Any], task_id: str) -> list[MessageId]:
        """Accept many sends; each bad one is rejected by itself, and the good ones are written together.

        ``shared`` holds arguments for all of them. Without ids of their own, messages are named after the task
        and their position, so that a redelivered task names them the same.
        """
        if not isinstance(messages, Sequence) or isinstance(messages, str | bytes):
            error = InvalidInput("messages", "is not a list", "give a list of objects with the arguments of a send")
            return [self._reject({"message_id": str(message_id_of(task_id))}, error)]
        good: list[SendRequest] = []
        ids: list[MessageId] = []
        for position, message in enumerate(messages):
            named = {"message_id": str(message_id_of(f"{task_id}/{position}")), **shared, **_given(message)}
            try:
                good.append(self.accepting.check(named))
            except InvalidInput as error:
                ids.append(self._reject(named, error))
        return ids + self._write_all(good)

    def _write_all(self, good: list[SendRequest]) -> list[MessageId]:
        try:
            return self.accepting.accept_all(good)
        except (InvalidInput, IdempotencyConflict):
            return [self._write_one(request) for request in good]

    def _write_one(self, request: SendRequest) -> MessageId:
        try:
            return self.accepting.accept_all([request])[0]
        except (InvalidInput, IdempotencyConflict) as error:
            named = {"message_id": request.message_id, "tenant": request.tenant, "service": request.service}
            return self._reject(named, error)

    def _reject(self, arguments: Mapping[str, Any], error: InvalidInput | IdempotencyConflict) -> MessageId:
        """Record a refusal under the message's id. What was asked is not kept, only where it went wrong."""
        message_id = _uuid(arguments.get("message_id"))
        desk = self.accepting
        tenant, service = (_kept(arguments.get(name), "default") for name in ("tenant", "service"))
        values = {
            "id": message_id,
            "tenant": tenant,
            "service": service,
            "to_number": None,
            "from_number": None,
            "content": None,
            "fallback": None,
            "encoding": "GSM-7",
            "segments": 0,
            "priority": 1,
            "status": Status.REJECTED,
            "due_at": desk.clock.now(),
            "expires_at": None,
            "reason": storable(str(error)),
            "gate": None,
            "introduces": False,
            "note": None,
            "tags": Jsonb({}),
            "notify": wishes_of(desk.configuration.events, tenant, service, {}),
            "idempotency_key": None,
            "sequence": None,
            "fingerprint": b"",
            "now": desk.clock.now(),
        }
        with desk.pool.connection() as connection:
            fresh = connection.execute(sql("insert_message"), values).fetchone()
        if fresh is not None or isinstance(error, IdempotencyConflict) or error.field == "message_id":
            record_rejected(_argument(error.field))
            with about(message_id=message_id):
                _log.warning("the message was rejected: %s", error)
        return message_id


def message_id_of(task_id: str) -> MessageId:
    """Return the message id that a task stands for: its own id, made a UUID if it is not one."""
    try:
        return MessageId(UUID(task_id))
    except ValueError:
        return MessageId(uuid5(NAMESPACE_OID, storable(task_id)))


def _refuse_unnamed(count: int) -> None:
    if count:
        cure = 'give every argument by name, such as kwargs={"to": "+14155550100", "body": "Hello"}'
        raise InvalidInput("arguments", f"{count} of them have no name", cure)


def _given(message: object) -> Mapping[str, Any]:
    """The arguments that were given; what is null was not."""
    if not isinstance(message, Mapping):
        return {"message": "not an object"}
    return {str(name): value for name, value in message.items() if value is not None}


def _argument(field: str) -> str:
    """The argument or the gate, as a label: a name that a caller made up is no label of ours."""
    name = field.partition(".")[0]
    return name if name in _FIELDS else "other"


def _uuid(text: object) -> MessageId:
    try:
        return MessageId(UUID(str(text)))
    except ValueError:
        return MessageId(uuid5(NAMESPACE_OID, storable(str(text))))


def _kept(text: object, default: str) -> str:
    return storable(text[:_MOST_CHARACTERS_KEPT]) if isinstance(text, str) else default
