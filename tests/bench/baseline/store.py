"""The baseline's one table."""

from importlib import resources
from typing import Any

from psycopg import Connection

SCHEMA = resources.files("tests.bench.baseline").joinpath("schema.sql").read_text("utf-8")


def insert(database: Connection[Any], to: str, body: str) -> int:
    """Write a message down and return its id."""
    statement = "insert into messages (to_number, body) values (%s, %s) returning id"
    row = database.execute(statement, (to, body)).fetchone()
    assert row is not None
    return int(row[0])


def find(database: Connection[Any], message_id: int) -> tuple[str, str]:
    """Return recipient and body."""
    row = database.execute("select to_number, body from messages where id = %s", (message_id,)).fetchone()
    assert row is not None
    return str(row[0]), str(row[1])


def record_sid(database: Connection[Any], message_id: int, sid: str, status: str) -> None:
    """Write what Twilio answered to the create."""
    database.execute("update messages set sid = %s, status = %s where id = %s", (sid, status, message_id))


def record_status(database: Connection[Any], sid: str, status: str, error_code: str | None) -> None:
    """Write what a callback said. Callbacks overtake each other: what has ended stays ended."""
    database.execute(
        "update messages set status = %s, error_code = %s"
        " where sid = %s and status not in ('delivered', 'undelivered', 'failed')",
        (status, error_code, sid),
    )
