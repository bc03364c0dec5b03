"""A month's history is dropped when nobody wants it any more and nothing of it is open, and everybody is told."""

import logging
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from messaging_pipeline.audit import reading
from messaging_pipeline.audit.life import Life
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.db.migrate import migrate
from messaging_pipeline.history.months import NO_MONTH, read_calendar
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import TWO_TENANTS
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import run_command
from tests.support.factories import SERVICE_SID, environment
from tests.support.followed import answered, heard, report, under_way
from tests.support.metric_deltas import Counting
from tests.support.racing import at_once
from tests.support.written_lives import Writer

NOVEMBER = date(2026, 11, 1)
JANUARY = date(2026, 1, 1)
FAR = datetime(2100, 1, 1, tzinfo=UTC)
SERVICE = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"
segments_per_second = 2000
burst_segments = 40
"""
RETENTION = """
[tenants.default.retention]
history_days = 30
"""
NOVEMBER_IS_OVER = timedelta(days=38)  # from 23 November: 31 December, thirty days after the end of the month


@pytest.fixture
def divided(empty_database_url: str) -> str:
    """A database of this test's own, in which months may come and go, and have begun only lately."""
    migrate(empty_database_url)
    began(empty_database_url, FAR)
    return empty_database_url


def began(database_url: str, at: datetime) -> None:
    """Say when messages began to have months."""
    with psycopg.connect(database_url) as connection:
        connection.execute("update schema_migrations set applied_at = %s where name like '%%_post_begin_%%'", [at])


@pytest.fixture
def connection(divided: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(divided, autocommit=True) as connection:
        yield connection


@pytest.fixture
def keeping(make_runtime: RuntimeMaker, divided: str) -> WorkerRuntime:
    """A worker whose only tenant keeps histories for thirty days."""
    runtime = make_runtime(RETENTION + SERVICE, DATABASE_URL=divided)
    runtime.making_months.run()
    return runtime


@pytest.fixture
def writer(connection: psycopg.Connection, clock: ManualClock) -> Writer:
    """Writes messages of last January, whose month has a partition."""
    connection.execute("select make_history_month(%s)", [JANUARY])
    return Writer(connection, clock.now())


def delivered(runtime: WorkerRuntime) -> UUID:
    """A message that has arrived."""
    [attempt] = under_way(runtime)
    answered(runtime, attempt)
    runtime.following.apply([report(attempt.message.id, "delivered", received_at=runtime.base.clock.now())])
    return attempt.message.id


def later(clock: ManualClock, time: timedelta) -> datetime:
    clock.advance(time.total_seconds())
    return clock.now()


def months(connection: psycopg.Connection) -> frozenset[date]:
    return read_calendar(connection).months


def test_a_month_goes_when_all_of_it_is_old_enough_and_not_a_day_before(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    delivered(keeping)
    later(clock, NOVEMBER_IS_OVER - timedelta(days=1))
    assert keeping.retention.run()["history_month"] == 0
    assert NOVEMBER in months(connection)
    later(clock, timedelta(days=1))
    counted = Counting("messaging_forgotten_total", kind="history_month")
    assert keeping.retention.run()["history_month"] == 1
    assert NOVEMBER not in months(connection)
    assert connection.execute("select to_regclass('message_events_2026_11')").fetchone() == (None,)
    assert counted.count == 1
    assert keeping.retention.run()["history_month"] == 0


def test_an_open_message_keeps_its_month_until_it_has_ended(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    delivered(keeping)
    [still_open] = under_way(keeping)
    answered(keeping, still_open)
    now = later(clock, NOVEMBER_IS_OVER)
    assert keeping.retention.run()["history_month"] == 0
    assert NOVEMBER in months(connection)
    keeping.following.apply([report(still_open.message.id, "delivered", received_at=now)])
    assert keeping.retention.run()["history_month"] == 1
    assert NOVEMBER not in months(connection)


CLAIMED = {"status": "claimed", "claim_id": UUID(int=1), "lease_until": "now"}


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "pending"},
        {"status": "pending", "waits_for": UUID(int=1)},
        CLAIMED,
        {"status": "unconfirmed"},
        {"status": "unconfirmed", "given_up_at": "now", "reason": "x"},
        {"status": "sent", "check_at": "now"},
        {"status": "sent"},
    ],
    ids=[
        "waits",
        "waits for another",
        "claimed",
        "in doubt",
        "given up in doubt",
        "asked about",
        "looked after by nobody",
    ],
)
def test_what_is_not_over_keeps_its_month(
    keeping: WorkerRuntime,
    writer: Writer,
    connection: psycopg.Connection,
    caplog: pytest.LogCaptureFixture,
    columns: dict[str, object],
) -> None:
    caplog.set_level(logging.INFO)
    message_id = writer.message(history_month=JANUARY, **columns)
    assert keeping.retention.run()["history_month"] == 0
    assert JANUARY in months(connection)
    assert "the history of 2026-01 stays: " in caplog.text
    ended = {"status": "canceled", "claim_id": None, "lease_until": None, "check_at": None, "waits_for": None}
    writer.change(message_id, **ended)
    assert keeping.retention.run()["history_month"] == 1
    assert JANUARY not in months(connection)


@pytest.mark.parametrize("state", ["planned", "waiting", "sending"])
def test_a_fallback_step_that_is_to_come_keeps_the_month(
    keeping: WorkerRuntime, writer: Writer, connection: psycopg.Connection, state: str
) -> None:
    message_id = writer.message(history_month=JANUARY, status="undelivered")
    writer.fallback(message_id, "undelivered")
    lease = writer.now if state == "sending" else None
    connection.execute("update fallback_steps set state = %s, lease_until = %s", [state, lease])
    assert keeping.retention.run()["history_month"] == 0
    connection.execute("update fallback_steps set state = 'sent', lease_until = null")
    assert keeping.retention.run()["history_month"] == 1


def test_who_is_still_to_be_told_and_links_still_to_be_sent_keep_the_month(
    keeping: WorkerRuntime, writer: Writer, connection: psycopg.Connection
) -> None:
    message_id = writer.message(history_month=JANUARY, status="delivered", notify=["orders:delivered"])
    connection.execute("insert into mms_links (message_id, promised_at) values (%s, now())", [message_id])
    assert keeping.retention.run()["history_month"] == 0
    connection.execute("update notices set state = 'told', finished_at = now()")
    assert keeping.retention.run()["history_month"] == 0
    connection.execute("update mms_links set done_at = now()")
    assert keeping.retention.run()["history_month"] == 1


def test_the_tenant_that_keeps_histories_longest_decides(
    make_runtime: RuntimeMaker, divided: str, writer: Writer, connection: psycopg.Connection
) -> None:
    writer.message(history_month=JANUARY, status="delivered")
    for_ever = make_runtime(RETENTION + TWO_TENANTS, DATABASE_URL=divided)
    assert for_ever.retention.run()["history_month"] == 0
    for days, dropped in ((600, 0), (60, 1)):
        retention = f"\n[tenants.acme.retention]\nhistory_days = {days}\n"
        both = make_runtime(RETENTION + TWO_TENANTS + retention, DATABASE_URL=divided)
        assert both.retention.run()["history_month"] == dropped
    assert JANUARY not in months(connection)


def test_what_was_accepted_before_there_were_months_goes_by_when_they_began(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection, divided: str
) -> None:
    writer = Writer(connection, clock.now())
    message_id = writer.message(status="delivered")
    assert keeping.retention.run()["history_month"] == 0
    began(divided, clock.now() - timedelta(days=30))
    assert keeping.retention.run()["history_month"] == 1
    assert NO_MONTH not in months(connection)
    shown = keeping.base.tracing.message(message_id)
    assert (shown["events"], shown["history_forgotten_at"]) == ([], clock.now())


def test_as_long_as_months_have_not_begun_what_was_before_them_stays(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    connection.execute("delete from schema_migrations where name like '%%_post_begin_%%'")
    later(clock, timedelta(days=9000))
    keeping.retention.run()
    assert NO_MONTH in months(connection)


def test_a_worker_killed_before_the_commit_has_dropped_nothing_and_the_next_one_does(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection, divided: str
) -> None:
    message_id = delivered(keeping)
    now = later(clock, NOVEMBER_IS_OVER)
    killed = psycopg.connect(divided)
    killed.execute("select forget_history_month(%s, %s)", [NOVEMBER, now])
    assert killed.execute("select to_regclass('message_events_2026_11')").fetchone() == (None,)
    connection.execute("select pg_terminate_backend(%s, 5000)", [killed.info.backend_pid])
    killed.close()
    assert NOVEMBER in months(connection)
    shown = keeping.base.tracing.message(message_id)
    assert (len(shown["events"]), shown["history_forgotten_at"]) == (4, None)
    assert keeping.retention.run()["history_month"] == 1
    assert keeping.base.tracing.message(message_id)["history_forgotten_at"] == now


def test_two_workers_at_once_let_a_month_go_once(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    delivered(keeping)
    later(clock, NOVEMBER_IS_OVER)
    at_once([keeping.retention.run] * 2)
    assert NOVEMBER not in months(connection)
    assert connection.execute("select month from forgotten_history").fetchall() == [(NOVEMBER,)]


def test_a_month_that_somebody_reads_is_left_for_the_next_run(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection, divided: str
) -> None:
    delivered(keeping)
    later(clock, NOVEMBER_IS_OVER)
    with psycopg.connect(divided) as reader:
        reader.execute("select count(*) from message_events")
        assert keeping.retention.run()["history_month"] == 0
    assert keeping.retention.run()["history_month"] == 1


def test_a_month_that_cannot_be_dropped_keeps_no_other_month_and_no_count(
    keeping: WorkerRuntime, connection: psycopg.Connection, writer: Writer, caplog: pytest.LogCaptureFixture
) -> None:
    """As when somebody has made a view of it; nothing of theirs is dropped."""
    february = date(2026, 2, 1)
    connection.execute("select make_history_month(%s)", [february])
    connection.execute("create view january as select * from message_events_2026_01")
    for month in (JANUARY, february):
        writer.message(history_month=month, status="delivered")
    counted = Counting("messaging_forgotten_total", kind="history_month")
    assert keeping.retention.run()["history_month"] == 1
    assert (JANUARY in months(connection), february in months(connection)) == (True, False)
    assert counted.count == 1
    assert "the history of 2026-01 cannot be dropped: view january depends on" in caplog.text
    connection.execute("drop view january")
    assert keeping.retention.run()["history_month"] == 1


def test_a_message_whose_history_has_gone_says_so_and_still_sends_nothing_twice(
    keeping: WorkerRuntime, clock: ManualClock, divided: str, redis_url: str
) -> None:
    message_id = delivered(keeping)
    later(clock, NOVEMBER_IS_OVER)
    keeping.retention.run()
    given = environment(DATABASE_URL=divided, REDIS_URL=redis_url)
    shown = run_command(given, "messages", "show", str(message_id))
    assert "history   was let go on 2026-12-31 (history_days)" in shown.out
    assert "status    delivered" in shown.out
    assert "attempt 1 leaves for Twilio" in shown.out
    told = run_command(given, "messages", "show", str(message_id), "--json").json
    assert (told["events"], told["history_forgotten_at"][:10]) == ([], "2026-12-31")


def test_a_message_whose_history_is_there_says_nothing_of_it(
    keeping: WorkerRuntime, divided: str, redis_url: str
) -> None:
    message_id = delivered(keeping)
    given = environment(DATABASE_URL=divided, REDIS_URL=redis_url)
    assert "history" not in run_command(given, "messages", "show", str(message_id)).out


def test_a_report_that_comes_after_its_month_had_gone_counts_and_is_let_go_too(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    message_id = delivered(keeping)
    now = later(clock, NOVEMBER_IS_OVER)
    keeping.retention.run()
    for _ in range(2):
        keeping.following.apply([report(message_id, "read", received_at=now)])
    assert [status for status, *_ in heard(keeping, message_id)] == ["read"]
    shown = keeping.base.tracing.message(message_id)
    assert (shown["status"], shown["history_forgotten_at"]) == ("read", now)
    calendar = read_calendar(connection)
    assert (len(calendar.strays), calendar.stray_lines()) == (1, 0)
    keeping.retention.run()
    assert read_calendar(connection).strays == ()
    assert keeping.base.tracing.message(message_id)["history_forgotten_at"] == now


def test_an_audit_holds_nothing_against_a_message_whose_history_has_gone(
    keeping: WorkerRuntime, clock: ManualClock, writer: Writer, connection: psycopg.Connection
) -> None:
    put_back = writer.sent_again()
    writer.change(put_back, status="delivered", check_at=None, history_month=JANUARY)
    writer.fallback(writer.message(history_month=JANUARY, status="undelivered"), "undelivered")
    connection.execute("update fallback_steps set state = 'sent'")
    connection.execute("delete from message_events")
    broken = {one.rule for one in keeping.auditing.run(timedelta(days=400)) if one.found}
    assert broken == {"sent_once", "begins_with_acceptance", "fallback_has_a_cause"}
    assert keeping.retention.run()["history_month"] == 1
    assert {one.rule for one in keeping.auditing.run(timedelta(days=400)) if one.found} == set()


def test_no_month_is_dropped_under_an_audit_that_has_begun_and_others_are_made(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has looked which months are there, and would miss the lines of one that goes before it reads them."""
    delivered(keeping)
    later(clock, NOVEMBER_IS_OVER)
    read_lives, dropped = reading._lives, []

    def dropping_first(*given: Any) -> list[Life]:
        dropped.append(keeping.retention.run()["history_month"])
        connection.execute("set lock_timeout = '1s'")
        assert connection.execute("select make_history_month('2041-01-01')").fetchone() == (True,)
        return read_lives(*given)

    monkeypatch.setattr(reading, "_lives", dropping_first)
    assert {one.rule for one in keeping.auditing.run(timedelta(days=60)) if one.found} == set()
    assert dropped == [0]
    assert keeping.retention.run()["history_month"] == 1


def test_a_month_that_lies_in_the_default_partition_is_deleted_instead(
    keeping: WorkerRuntime, clock: ManualClock, connection: psycopg.Connection
) -> None:
    writer = Writer(connection, clock.now())
    message_id = writer.message(history_month=JANUARY, status="delivered")
    assert [one.month for one in read_calendar(connection).strays] == [JANUARY]
    keeping.retention.run()
    assert read_calendar(connection).strays == ()
    assert keeping.base.tracing.message(message_id)["history_forgotten_at"] == clock.now()
