"""Gathers the evidence of both sides: our tables, and the simulator's ledger and mailbox."""

import re
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any, LiteralString

import psycopg
from psycopg.rows import dict_row

from tests.faults.ground import Ground
from tests.faults.records import Create, Life, Mailed, Stored, Told, Tried, Turn

_CALLBACK = re.compile(r"/status/(?P<id>[0-9a-f-]{36})(?:/(?P<attempt>\d+))?")

_MESSAGES = """
select id::text, service, to_number as "to", status, sid, error_code, reason, segments, created_at, live_from,
       expires_at, sequence, given_up_at
from messages
"""
_ATTEMPTS = """
select message_id::text, number, started_at, finished_at, outcome, sid,
       split_part(worker, ':', 2)::int as worker_pid
from attempts
"""
_EVENTS = """
select message_id::text, status, source, at, sid, error_code, attempt, detail from message_events order by id
"""
_STEPS = "select message_id::text, state from fallback_steps"
_TEXTS = "select sid from inbound_messages"


def gather(ground: Ground) -> dict[str, Any]:
    """Return the part of the records that the two sides know."""
    ledger = ground.control.ledger()
    arrived = Counter(str(mail["to"]).partition("@")[0] for mail in ground.control.mailbox())
    with psycopg.connect(ground.postgres.url, row_factory=dict_row) as connection:

        def rows(statement: LiteralString) -> list[dict[str, Any]]:
            return [_in_seconds(row) for row in connection.execute(statement).fetchall()]

        return {
            "stored": tuple(Stored(**row) for row in rows(_MESSAGES)),
            "tried": tuple(Tried(**row) for row in rows(_ATTEMPTS)),
            "told": tuple(Told(**row) for row in rows(_EVENTS)),
            "creates": tuple(_create(row) for row in ledger["creates"]),
            "lives": tuple(_life(row) for row in ledger["messages"] if row["direction"] == "outbound-api"),
            "texts_sent": tuple(row["sid"] for row in ledger["messages"] if row["direction"] == "inbound"),
            "texts_stored": tuple(row["sid"] for row in rows(_TEXTS)),
            "mails": tuple(Mailed(row["message_id"], row["state"], arrived[row["message_id"]]) for row in rows(_STEPS)),
        }


def _create(row: Mapping[str, Any]) -> Create:
    named = _CALLBACK.search(row["status_callback"] or "")
    return Create(
        message_id=named["id"] if named else None,
        attempt=int(named["attempt"] or 1) if named else 1,
        received_at=row["received_at"],
        created=row["created"],
        sid=row["sid"],
        http_status=row["http_status"],
        error_code=row["error_code"],
        answer=row["answer"],
        to=row["to"],
    )


def _life(row: Mapping[str, Any]) -> Life:
    return Life(row["sid"], tuple(Turn(one["status"], one["at"], one["error_code"]) for one in row["transitions"]))


def _in_seconds(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.timestamp() if isinstance(value, datetime) else value for name, value in row.items()}
