"""The update that divides the history: what was there stays there, and no report is kept twice on the way."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import psycopg
import pytest

from messaging_pipeline.db import migrate as migrate_module
from messaging_pipeline.db.migrate import migrate, migrate_phase
from messaging_pipeline.db.migration_files import Phase, migrations
from messaging_pipeline.history.months import NO_MONTH, read_calendar
from tests.support.factories import RECIPIENT, a_send, worker_runtime
from tests.support.followed import answered, heard, report, under_way

BEFORE = [one for one in migrations() if one.version < "0024"]
DIVIDING = [one for one in migrations() if "0024" <= one.version <= "0026"]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MESSAGE, SID = UUID(int=7), "SM" + "7" * 32


@pytest.fixture
def connection(empty_database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(empty_database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def as_before(empty_database_url: str, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database of the release before, in which a message was sent and reported on."""
    with monkeypatch.context() as patch:
        patch.setattr(migrate_module, "migrations", lambda: BEFORE)
        migrate(empty_database_url)
    connection.execute(
        "insert into messages (id, tenant, service, to_number, encoding, segments, priority, status, status_at, due_at,"
        " attempts, sid, fingerprint, created_at, check_at)"
        " values (%s, 'default', 'default', %s, 'GSM-7', 1, 1, 'sent', %s, %s, 1, %s, '', %s, %s)",
        [MESSAGE, RECIPIENT, NOW, NOW, SID, NOW, NOW],
    )
    connection.execute(
        "insert into attempts (message_id, number, started_at, finished_at, outcome, sid)"
        " values (%s, 1, %s, %s, 'accepted', %s)",
        [MESSAGE, NOW, NOW, SID],
    )
    for status, source in (("pending", "accept"), ("claimed", "deliver"), ("queued", "deliver"), ("sent", "callback")):
        write(connection, status, source)
    return empty_database_url


def write(connection: psycopg.Connection, status: str, source: str) -> int:
    """A line of history as the release before writes it; return its number."""
    row = connection.execute(
        "insert into message_events (message_id, status, source, at, sid, moved) values (%s, %s, %s, %s, %s, true)"
        " on conflict do nothing returning id",
        [MESSAGE, status, source, NOW, SID],
    ).fetchone()
    return int(row[0]) if row else 0


def partition_of(connection: psycopg.Connection, message_id: UUID) -> list[str]:
    rows = connection.execute(
        "select distinct tableoid::regclass::text from message_events where message_id = %s", [message_id]
    )
    return [name for (name,) in rows]


def test_old_lines_stay_in_the_table_that_they_were_in_and_numbers_go_on(
    as_before: str, connection: psycopg.Connection
) -> None:
    place = "select pg_relation_filenode(%s)"
    before = connection.execute(place, ["message_events"]).fetchone()
    last = write(connection, "sent", "operator")
    migrate(as_before)
    assert connection.execute(place, ["message_events_of_no_month"]).fetchone() == before
    assert partition_of(connection, MESSAGE) == ["message_events_of_no_month"]
    assert write(connection, "delivered", "callback") == last + 1


def test_what_an_old_process_has_prepared_goes_on_in_the_divided_history(
    as_before: str, connection: psycopg.Connection
) -> None:
    connection.prepare_threshold = 0
    write(connection, "sent", "operator")
    (prepared,) = connection.execute("select statement from pg_prepared_statements", prepare=False).fetchall()
    migrate_phase(as_before, Phase.PRE)
    assert write(connection, "delivered", "callback") > 0
    assert write(connection, "delivered", "callback") == 0
    assert prepared in connection.execute("select statement from pg_prepared_statements", prepare=False).fetchall()
    assert partition_of(connection, MESSAGE) == ["message_events_of_no_month"]


def test_an_empty_history_is_divided_too(empty_database_url: str, connection: psycopg.Connection) -> None:
    migrate(empty_database_url)
    assert write(connection, "pending", "accept") == 1
    calendar = read_calendar(connection)
    assert NO_MONTH in calendar.months
    assert calendar.ahead(datetime.now(UTC)) == 3


def test_a_report_on_an_old_message_is_kept_once_before_during_and_after(
    as_before: str, connection: psycopg.Connection
) -> None:
    repeated = report(MESSAGE, "sent", sid=SID)
    migrate_phase(as_before, Phase.PRE)
    assert write(connection, "sent", "callback") == 0
    with worker_runtime(DATABASE_URL=as_before) as new:
        new.following.apply([repeated])
        migrate_phase(as_before, Phase.POST)
        new.following.apply([repeated, report(MESSAGE, "delivered", sid=SID)])
        assert [status for status, *_ in heard(new, MESSAGE)] == ["sent", "delivered"]
        assert {finding.found for finding in new.auditing.run(timedelta(days=9999))} == {0}
    assert partition_of(connection, MESSAGE) == ["message_events_of_no_month"]


def test_as_long_as_old_code_may_run_new_code_gives_no_month_and_no_report_is_kept_twice(
    as_before: str, connection: psycopg.Connection
) -> None:
    migrate_phase(as_before, Phase.PRE)
    with worker_runtime(DATABASE_URL=as_before) as new:
        [attempt] = under_way(new)
        answered(new, attempt)
        told = report(attempt.message.id, "delivered")
        connection.execute(
            "insert into message_events (message_id, status, source, at, sid, moved, attempt)"
            " values (%s, 'delivered', 'callback', %s, %s, false, 1)",
            [attempt.message.id, NOW, told.sid],
        )
        new.following.apply([told])
        assert [status for status, *_ in heard(new, attempt.message.id)] == ["delivered"]
    assert partition_of(connection, attempt.message.id) == ["message_events_of_no_month"]


def test_months_begin_when_the_old_code_is_gone(as_before: str, connection: psycopg.Connection) -> None:
    migrate_phase(as_before, Phase.PRE)
    with worker_runtime(DATABASE_URL=as_before) as new:
        first = new.base.accepting.accept(a_send())
        migrate_phase(as_before, Phase.POST)
        second = new.base.accepting.accept(a_send(body="Another one."))
    this_month = connection.execute("select date_trunc('month', now() at time zone 'UTC')::date").fetchone()
    months = dict(connection.execute("select id, history_month from messages where id <> %s", [MESSAGE]).fetchall())
    assert this_month is not None
    assert months == {first: NO_MONTH, second: this_month[0]}
    assert partition_of(connection, second) == [f"message_events_{this_month[0]:%Y_%m}"]


def test_the_old_lines_are_not_read_while_everybody_waits(as_before: str) -> None:
    """One file has read them beside the others, so the next, which holds the table, takes Postgres's word for it."""
    told: list[str] = []
    with psycopg.connect(as_before, autocommit=True) as own:
        own.add_notice_handler(lambda one: told.append(one.message_primary or ""))
        own.execute("set client_min_messages = debug1")
        for migration in DIVIDING:
            own.execute(migration.statements)
    by_a_check = [one for one in told if "implied by existing constraints" in one]
    assert any("message_events_of_no_month" in one for one in by_a_check), told


def test_a_date_that_python_knows_stands_for_no_month(as_before: str, connection: psycopg.Connection) -> None:
    migrate(as_before)
    row = connection.execute("select history_month from messages where id = %s", [MESSAGE]).fetchone()
    assert row == (date.min,)
