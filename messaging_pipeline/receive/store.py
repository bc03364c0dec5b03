"""Takes in an inbound message: stored once, however often Twilio delivers it, and heeded with the same commit."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.inbound_media.items import FileId, owe_copies
from messaging_pipeline.keyword_handlers.start import CallId, owe_call
from messaging_pipeline.keywords.hearing import Heard, hear
from messaging_pipeline.metrics import record_flagged, record_inbound, record_keyword, record_opt_out
from messaging_pipeline.notices.start import WakeTellers, owe_inbound
from messaging_pipeline.receive.heed import Heeded, heed
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.tickets.start import EntryId, owe_entry


@dataclass(frozen=True, slots=True)
class _TakenIn:
    """What came of a message, and what is owed for it."""

    heeded: Heeded
    entry: EntryId | None
    call: CallId | None
    files: list[FileId]
    policies: list[str]


@dataclass(frozen=True, slots=True)
class Receiving:
    """Takes in what people write to us, by whichever way it came."""

    pool: Pool
    sealer: Sealer
    configuration: Configuration
    wake_tickets: Callable[[Collection[EntryId]], None]
    wake_handlers: Callable[[Collection[CallId]], None]
    wake_copies: Callable[[Collection[FileId]], None]
    wake_tellers: WakeTellers

    def store(self, *, tenant: str, sealed_form: str, received_at: datetime, is_answered: bool = False) -> bool:
        """Store a sealed webhook form and do what it says; return whether it was news.

        The webhook tier sealed it, so that the text never lay in the broker in clear.
        """
        payload = sealed_form.encode()
        fields = _fields(self.sealer.unseal(payload))
        heard = hear(self.configuration, tenant, fields)
        row = {**_columns(fields, heard), "payload": payload, "received_at": received_at, "answered": is_answered}
        taken_in = in_transaction(self.pool, lambda connection: self._take_in(connection, row, heard, fields))
        if taken_in is None:
            record_inbound("repeated")
            return False
        _count(heard, taken_in.heeded)
        self.wake_tickets([taken_in.entry] if taken_in.entry else [])
        self.wake_handlers([taken_in.call] if taken_in.call else [])
        self.wake_copies(taken_in.files)
        self.wake_tellers(taken_in.policies)
        return True

    def _take_in(
        self, connection: Connection[TupleRow], row: Mapping[str, Any], heard: Heard, fields: Mapping[str, str]
    ) -> _TakenIn | None:
        """Return what came of the message, or None when it had been taken in before."""
        if connection.execute(sql("insert_inbound_message"), row).fetchone() is None:
            return None
        heeded = heed(connection, heard, row["sid"], row["received_at"])
        if heeded.effect is not None:
            key = {"tenant": heard.tenant, "sid": row["sid"], "effect": heeded.effect}
            connection.execute(sql("note_inbound_effect"), key)
        return _TakenIn(
            heeded,
            entry=owe_entry(connection, self.configuration, heard, row),
            call=owe_call(connection, heard, row["sid"], row["received_at"]),
            files=owe_copies(connection, self.configuration, heard.tenant, fields, row["received_at"]),
            policies=owe_inbound(connection, self.configuration, heard, row["sid"], row["received_at"]),
        )


def _count(heard: Heard, heeded: Heeded) -> None:
    record_inbound("stored")
    if heard.kind is not None:
        record_keyword(heard.kind)
    if heard.flag is not None:
        record_flagged(heard.flag)
    for opt_out in heeded.opted_out:
        record_opt_out(opt_out.source)


def _columns(fields: Mapping[str, str], heard: Heard) -> dict[str, Any]:
    return {
        "tenant": heard.tenant,
        "sid": fields["MessageSid"],
        "from_number": fields.get("From", ""),
        "to_number": fields.get("To", ""),
        "service": heard.service,
        "keyword": heard.kind,
        "word": heard.word,
        "flag": heard.flag,
    }


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, str]:
    """The first value of each field; the payload itself keeps all of them."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, str(value))
    if not fields.get("MessageSid"):
        fields["MessageSid"] = fields.get("SmsSid", "")
    return fields
