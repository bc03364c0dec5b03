"""Lives of messages written straight into the tables, whole or broken, whatever the pipeline itself would write."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import Connection, sql
from psycopg.rows import TupleRow

from messaging_pipeline.history.months import NO_MONTH
from messaging_pipeline.ids import new_message_id
from tests.support.factories import RECIPIENT


@dataclass(frozen=True)
class Writer:
    """Writes rows with defaults for all that a test does not care about; everything happens around ``now``."""

    connection: Connection[TupleRow]
    now: datetime

    def message(self, **columns: Any) -> UUID:
        """A message that waits for its turn, with the line that begins its history."""
        message_id = new_message_id()
        row = {
            "id": message_id,
            "tenant": "default",
            "service": "default",
            "to_number": RECIPIENT,
            "encoding": "GSM-7",
            "segments": 1,
            "priority": 1,
            "status": "pending",
            "status_at": self.now,
            "due_at": self.now,
            "fingerprint": b"",
            "created_at": self.now,
            **columns,
        }
        self._insert("messages", row)
        self.event(
            message_id,
            "rejected" if columns.get("status") == "rejected" else "pending",
            source="accept",
            history_month=columns.get("history_month", NO_MONTH),
        )
        return message_id

    def attempt(self, message_id: UUID, number: int = 1, outcome: str = "accepted", **columns: Any) -> None:
        """One request; an accepted one has a SID of its own."""
        row = {
            "message_id": message_id,
            "number": number,
            "started_at": self.now,
            "finished_at": None if outcome == "started" else self.now,
            "outcome": outcome,
            "sid": sid(message_id, number) if outcome == "accepted" else None,
            **columns,
        }
        self._insert("attempts", row)

    def event(self, message_id: UUID, status: str, **columns: Any) -> None:
        """One line of history; without a source it is the lane's."""
        row = {"message_id": message_id, "status": status, "source": "deliver", "at": self.now, "moved": True}
        self._insert("message_events", {**row, **columns})

    def events(self, message_id: UUID, *lines: tuple[str, str]) -> None:
        """Several lines of history, each a status and whose word it is."""
        for status, source in lines:
            self.event(message_id, status, source=source)

    def fallback(self, message_id: UUID, cause: str) -> None:
        row = {"message_id": message_id, "number": 1, "channel": "email", "state": "waiting", "cause": cause}
        self._insert("fallback_steps", {**row, "due_at": self.now, "created_at": self.now})

    def consent(self, change: str, at: datetime, scope: str = "default", **columns: Any) -> None:
        row = {"tenant": "default", "scope": scope, "number": RECIPIENT, "change": change, "source": "operator"}
        self._insert("consent_events", {**row, "at": at, **columns})

    def change(self, message_id: UUID, **columns: Any) -> None:
        """Change a message's row by hand."""
        assignments = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in columns)
        statement = sql.SQL("update messages set {} where id = %s").format(assignments)
        self.connection.execute(statement, [*columns.values(), message_id])

    def forget(self, table: str, message_id: UUID) -> None:
        """Delete what a table holds of a message."""
        column = "id" if table == "messages" else "message_id"
        statement = sql.SQL("delete from {} where {} = %s").format(sql.Identifier(table), sql.Identifier(column))
        self.connection.execute(statement, [message_id])

    def queued(self, **columns: Any) -> UUID:
        """A message that Twilio has, and that will be asked about."""
        row = {"status": "queued", "attempts": 1, "check_at": self.now + timedelta(minutes=1), **columns}
        message_id = self.message(**row)
        self.change(message_id, sid=sid(message_id))
        self.attempt(message_id)
        self.event(message_id, "claimed")
        self.event(message_id, "queued", sid=sid(message_id))
        return message_id

    def reported(self, status: str, **columns: Any) -> UUID:
        """A message that Twilio took and reported on."""
        message_id = self.queued(**{"status": status, "check_at": None, **columns})
        self.event(message_id, status, source="callback", sid=sid(message_id))
        return message_id

    def doubtful(self, **columns: Any) -> UUID:
        """A message whose request left and whose answer is lost."""
        row = {"status": "unconfirmed", "attempts": 1, "check_at": self.now + timedelta(minutes=1), **columns}
        message_id = self.message(**row)
        self.attempt(message_id, outcome="unconfirmed")
        self.events(message_id, ("claimed", "deliver"), ("unconfirmed", "sweep"))
        return message_id

    def held(self, lease_until: datetime, **columns: Any) -> UUID:
        """A message in a worker's hands, its request under way."""
        row = {"status": "claimed", "attempts": 1, "claim_id": UUID(int=1), "lease_until": lease_until, **columns}
        message_id = self.message(**row)
        self.attempt(message_id, outcome="started", started_at=lease_until - timedelta(minutes=1))
        self.event(message_id, "claimed")
        return message_id

    def sent_again(self, by: str | None = "policy") -> UUID:
        """A message that Twilio reported as undelivered, that was put back and sent a second time."""
        message_id = self.queued(attempts=2, live_from=2)
        self.event(message_id, "undelivered", source="callback", sid=sid(message_id))
        if by is not None:
            self.event(message_id, "pending", source=by)
            self.event(message_id, "claimed")
        self.attempt(message_id, 2)
        self.event(message_id, "queued", sid=sid(message_id, 2))
        self.change(message_id, sid=sid(message_id, 2))
        return message_id

    def _insert(self, table: str, row: dict[str, Any]) -> None:
        statement = sql.SQL("insert into {} ({}) values ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join([sql.Placeholder()] * len(row)),
        )
        self.connection.execute(statement, list(row.values()))


def sid(message_id: UUID, number: int = 1) -> str:
    """The SID of a message's attempt."""
    return "SM" + UUID(int=message_id.int ^ number).hex
