"""Each message's history is kept in the month in which the message was accepted, whenever its lines are written."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.db import queries
from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.db.queries import sql
from messaging_pipeline.doctor.database import _history
from messaging_pipeline.history import months
from messaging_pipeline.history.months import make_months, read_calendar
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.factories import a_send
from tests.support.followed import answered, heard, report, under_way
from tests.support.gauges import gauge
from tests.support.prepared import prepare
from tests.support.racing import at_once
from workers import tasks

FAR = datetime(2040, 5, 17, tzinfo=UTC)
MONTHS_FROM_FAR = [date(2040, 5, 1), date(2040, 6, 1), date(2040, 7, 1), date(2040, 8, 1)]
LAST_MINUTE = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)


@pytest.fixture
def divided(empty_database_url: str) -> str:
    """A database of this test's own, in which months may come and go."""
    migrate(empty_database_url)
    return empty_database_url


@pytest.fixture
def connection(divided: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(divided, autocommit=True) as connection:
        yield connection


@pytest.fixture
def worker(make_runtime: RuntimeMaker, divided: str) -> WorkerRuntime:
    """A worker whose months have been made."""
    runtime = make_runtime(DATABASE_URL=divided)
    runtime.making_months.run()
    return runtime


def partitions_of(connection: psycopg.Connection, message_id: UUID) -> set[str]:
    rows = connection.execute(
        "select distinct tableoid::regclass::text from message_events where message_id = %s", [message_id]
    )
    return {name for (name,) in rows}


def write_lines(connection: psycopg.Connection, month: date, count: int) -> None:
    connection.execute(
        "insert into message_events (message_id, history_month, status, source, at, moved)"
        " select gen_random_uuid(), %s, 'pending', 'accept', now(), true from generate_series(1, %s)",
        [month, count],
    )


def write_line(connection: psycopg.Connection, month: date) -> None:
    write_lines(connection, month, 1)


def test_a_report_repeated_over_the_end_of_the_month_is_kept_once(
    worker: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    [attempt] = under_way(worker)
    answered(worker, attempt)
    message_id = attempt.message.id
    for at in (LAST_MINUTE, LAST_MINUTE + timedelta(minutes=2)):
        clock.advance((at - clock.now()).total_seconds())
        worker.following.apply([report(message_id, "delivered", received_at=at)])
    assert [status for status, *_ in heard(worker, message_id)] == ["delivered"]
    assert partitions_of(connection, message_id) == {"message_events_2026_11"}


def test_a_report_for_a_message_of_last_month_lands_in_its_month_and_is_shown(
    worker: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    [old] = under_way(worker)
    answered(worker, old)
    clock.advance(timedelta(days=20).total_seconds())
    [young] = under_way(worker)
    worker.following.apply([report(old.message.id, "sent", received_at=clock.now())])
    assert partitions_of(connection, old.message.id) == {"message_events_2026_11"}
    assert partitions_of(connection, young.message.id) == {"message_events_2026_12"}
    shown = worker.base.tracing.message(old.message.id)
    assert [one["status"] for one in shown["events"]] == ["pending", "claimed", "queued", "sent"]
    assert {finding.found for finding in worker.auditing.run(timedelta(days=60))} == {0}


def test_every_statement_that_writes_history_names_the_month() -> None:
    """The column has a default, for the release before; who reads a month would miss a line that took it."""
    writing = {name for name in queries.names() if "insert into message_events" in queries.sql(name)}
    naming = {name for name in writing if "message_events (message_id, history_month, " in queries.sql(name)}
    assert len(writing) > 10
    assert writing - naming == set()


def test_months_are_made_ahead_and_a_second_time_finds_them(connection: psycopg.Connection) -> None:
    assert make_months(connection, FAR) == 4
    assert set(MONTHS_FROM_FAR) <= read_calendar(connection).months
    assert make_months(connection, FAR) == 0


def test_beats_task_makes_them_and_is_noted_as_done(
    make_runtime: RuntimeMaker, divided: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    runtime = make_runtime(DATABASE_URL=divided)
    clock.advance((FAR - clock.now()).total_seconds())
    monkeypatch.setattr(tasks, "runtime", lambda: runtime)
    tasks.make_months()
    [duty] = runtime.base.gauges.duties.last()
    assert (duty.name, duty.finished_at, duty.findings) == ("make_months", FAR, {"made": 4, "ahead": 3})


def test_two_makers_at_once_make_each_month_once(divided: str, connection: psycopg.Connection) -> None:
    made = []

    def make() -> None:
        with psycopg.connect(divided, autocommit=True) as own:
            made.append(make_months(own, FAR))

    at_once([make] * 2)
    assert sum(made) == 4
    assert read_calendar(connection).ahead(FAR) == 3


def test_every_month_keeps_a_report_once_by_an_index_like_the_first_ones(connection: psycopg.Connection) -> None:
    make_months(connection, FAR)
    rows = connection.execute(
        "select i.inhrelid::regclass::text, count(*) filter (where x.indisunique and x.indpred is not null)"
        " from pg_inherits i join pg_index x on x.indrelid = i.inhrelid"
        " where i.inhparent = 'message_events'::regclass group by 1"
    ).fetchall()
    assert len(rows) == len(read_calendar(connection).months) + 1
    assert {count for _, count in rows} == {1}


def test_a_month_whose_lock_is_not_to_be_had_is_left_for_the_next_time(
    divided: str, connection: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    with psycopg.connect(divided) as reader, caplog.at_level(logging.WARNING):
        reader.execute("select count(*) from message_events")
        assert make_months(connection, FAR) == 0
        assert "is not made" in caplog.text
    assert make_months(connection, FAR) == 4


def test_a_line_of_a_month_that_nobody_made_is_kept_and_its_month_stays_in_the_default_partition(
    connection: psycopg.Connection,
) -> None:
    write_line(connection, MONTHS_FROM_FAR[0])
    calendar = read_calendar(connection)
    assert [(one.month, one.lines) for one in calendar.strays] == [(MONTHS_FROM_FAR[0], 1)]
    assert make_months(connection, FAR) == 3
    write_line(connection, MONTHS_FROM_FAR[0])
    assert read_calendar(connection).stray_lines() == 2


def test_a_month_that_is_hidden_behind_many_lines_of_another_keeps_none_of_the_others_from_being_made(
    connection: psycopg.Connection, caplog: pytest.LogCaptureFixture
) -> None:
    """Of a large default partition only the first lines are read, so that a month can lie there unseen."""
    write_lines(connection, date(2040, 4, 1), 10_001)
    write_line(connection, MONTHS_FROM_FAR[0])
    assert MONTHS_FROM_FAR[0] in read_calendar(connection).missing(FAR)
    assert make_months(connection, FAR) == 3
    assert set(MONTHS_FROM_FAR[1:]) <= read_calendar(connection).months
    assert "2040-05 is not made: lines of it lie in the default partition" in caplog.text


def test_nobody_who_writes_waits_until_a_large_default_partition_is_read(
    connection: psycopg.Connection, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Postgres reads it through before it takes a month beside it, and locks it meanwhile."""
    write_lines(connection, date(2040, 4, 1), 100_000)
    monkeypatch.setattr(months, "LONGEST_MAKING_MILLISECONDS", 2)
    assert make_months(connection, FAR) == 0
    assert "2040-05 is not made: to read the default partition for it takes too long" in caplog.text
    assert connection.execute("show statement_timeout").fetchone() == ("0",)
    monkeypatch.undo()
    assert make_months(connection, FAR) == 4


def test_a_message_is_accepted_sent_and_heard_of_without_its_months_partition(
    make_runtime: RuntimeMaker, divided: str, clock: ManualClock, connection: psycopg.Connection
) -> None:
    runtime = make_runtime(DATABASE_URL=divided)
    clock.advance((FAR - clock.now()).total_seconds())
    [attempt] = under_way(runtime)
    answered(runtime, attempt)
    for _ in range(2):
        runtime.following.apply([report(attempt.message.id, "delivered", received_at=FAR)])
    assert partitions_of(connection, attempt.message.id) == {"message_events_other"}
    shown = runtime.base.tracing.message(attempt.message.id)
    assert [one["status"] for one in shown["events"]] == ["pending", "claimed", "queued", "delivered"]


def test_the_gauges_tell_how_far_ahead_months_are_made_and_what_fell_into_the_net(
    worker: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    assert gauge(worker.base, "messaging_history_months_ahead") == 3
    assert gauge(worker.base, "messaging_history_stray_lines") == 0
    clock.advance((FAR - clock.now()).total_seconds())
    write_line(connection, MONTHS_FROM_FAR[0])
    assert gauge(worker.base, "messaging_history_months_ahead") == 0
    assert gauge(worker.base, "messaging_history_stray_lines") == 1


def test_the_doctor_finds_missing_months_and_makes_them(divided: str, connection: psycopg.Connection) -> None:
    [missing] = _history(connection, divided, FAR)
    assert missing.state == "warning"
    assert "2040-05, 2040-06, 2040-07, 2040-08" in missing.told
    assert missing.change is not None
    assert missing.change.make() is None
    [well] = _history(connection, divided, FAR)
    assert (well.state, well.told) == ("ok", "3 months to come have their partition")


def test_the_doctor_names_what_lies_in_the_default_partition(divided: str, connection: psycopg.Connection) -> None:
    write_line(connection, MONTHS_FROM_FAR[0])
    make_months(connection, FAR)
    [well, stray] = _history(connection, divided, FAR)
    assert (well.state, stray.state) == ("ok", "warning")
    assert "1 lines of 2040-05" in stray.told


HOT = ("insert_message", "claim_due", "turn_page", "apply_evidence", "put_back")


@pytest.mark.parametrize("name", HOT)
def test_what_is_busy_takes_the_month_from_the_row_in_hand(name: str, connection: psycopg.Connection) -> None:
    """What feeds the lines reads no table: the month comes with the message."""
    plan = plan_of(connection, name)
    [writing] = [node for node in nodes(plan) if node.get("Relation Name") == "message_events"]
    assert writing["Node Type"] == "ModifyTable"
    feeding = [child for child in writing["Plans"] if child["Parent Relationship"] != "InitPlan"]
    assert [relations(child) for child in feeding] == [set()]
    assert {one for one in relations(plan) if one.startswith("message_events")} == {"message_events"}


def plan_of(connection: psycopg.Connection, name: str) -> dict[str, Any]:
    connection.execute("set plan_cache_mode = force_generic_plan")
    count = prepare(connection, name, sql(name))
    values = ", ".join(["null"] * count)
    row = connection.execute(f"explain (format json) execute {name} ({values})").fetchone()  # type: ignore[arg-type]
    assert row is not None
    plan: dict[str, Any] = row[0][0]["Plan"]
    return plan


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def relations(plan: dict[str, Any]) -> set[str]:
    return {node["Relation Name"] for node in nodes(plan) if "Relation Name" in node}


@pytest.mark.parametrize("month", [date(2026, 11, 1), date.min])
def test_one_messages_history_is_read_from_one_partition(connection: psycopg.Connection, month: date) -> None:
    make_months(connection, datetime(2026, 11, 1, tzinfo=UTC))
    values = {"id": UUID(int=1), "history_month": month}
    read = explained(connection, "events_of", values)
    assert read == {"message_events_of_no_month" if month == date.min else "message_events_2026_11"}


def test_an_audit_reads_only_the_months_of_its_messages(connection: psycopg.Connection) -> None:
    make_months(connection, datetime(2026, 11, 1, tzinfo=UTC))
    months = [date(2026, 11, 1), date(2026, 12, 1)]
    read = explained(connection, "audited_events", {"message_ids": [UUID(int=1)], "history_months": months})
    assert read == {"message_events_2026_11", "message_events_2026_12"}


def explained(connection: psycopg.Connection, name: str, values: dict[str, Any]) -> set[str]:
    row = connection.execute("explain (format json) " + sql(name), values).fetchone()
    assert row is not None
    return relations(json.loads(row[0])[0]["Plan"] if isinstance(row[0], str) else row[0][0]["Plan"])


def test_a_message_handed_over_carries_the_month_of_its_acceptance(
    worker: WorkerRuntime, connection: psycopg.Connection
) -> None:
    message_id = worker.base.accepting.accept(a_send())
    row = connection.execute("select history_month from messages where id = %s", [message_id]).fetchone()
    assert row == (date(2026, 11, 1),)
