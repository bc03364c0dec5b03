"""A message's row goes, with all that hangs on it, when it is old enough and nothing is owed for it any more."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.forgetting import rows
from messaging_pipeline.forgetting.rows import LettingRowsGo
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import TWO_TENANTS
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import run_command
from tests.support.factories import a_send, environment
from tests.support.followed import nameless, report
from tests.support.metric_deltas import Counting
from tests.support.old_messages import (
    DAY,
    OF_A_MESSAGE,
    RETENTION,
    SERVICE,
    held,
    is_there,
    old,
    step,
    with_everything,
)
from tests.support.racing import at_once
from tests.support.written_lives import Writer, sid


@pytest.fixture
def keeping(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """A runtime whose tenant keeps rows for ninety days; another one keeps everything, so that no month is dropped."""
    return make_runtime(RETENTION + SERVICE + TWO_TENANTS)


def test_a_row_takes_everything_along_that_hangs_on_it(keeping: WorkerRuntime, writer: Writer) -> None:
    gone, stays = with_everything(writer), with_everything(writer, created_at=writer.now - 89 * DAY)
    assert held(writer, gone) == held(writer, stays) == set(OF_A_MESSAGE)
    counted = Counting("messaging_forgotten_total", kind="message")
    assert keeping.retention.run()["message"] == 1
    assert (held(writer, gone), held(writer, stays)) == (set(), set(OF_A_MESSAGE))
    assert counted.count == 1
    assert keeping.retention.run()["message"] == 0


def test_every_table_that_names_a_message_is_known_here(writer: Writer) -> None:
    named = writer.connection.execute(
        "select c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        " where a.attname = 'message_id' and c.relkind in ('r', 'p') and not c.relispartition"
        " and c.relnamespace = 'public'::regnamespace"
    )
    assert {name for (name,) in named} - OF_A_MESSAGE.keys() == {"consent_events"}


def test_it_goes_when_it_was_accepted_and_has_ended_long_ago(keeping: WorkerRuntime, writer: Writer) -> None:
    ended_lately = writer.reported("delivered", **old(writer, status_at=writer.now - 89 * DAY))
    given_up = writer.queued(**old(writer, check_at=None, given_up_at=writer.now, reason="nothing was heard"))
    keeping.retention.run()
    assert (is_there(writer, ended_lately), is_there(writer, given_up)) == (True, False)


def test_what_it_says_and_to_whom_goes_first(keeping: WorkerRuntime, writer: Writer) -> None:
    message_id = writer.reported("delivered", **old(writer, to_number="+14155550177", forgotten=0))
    assert LettingRowsGo(keeping.base.pool, keeping.base.clock, keeping.base.configuration).run() == 0
    gone = keeping.retention.run()
    assert (gone["content"], gone["number"], gone["message"]) == (1, 1, 1)
    assert not is_there(writer, message_id)


def test_a_tenant_that_says_nothing_keeps_its_rows(keeping: WorkerRuntime, writer: Writer) -> None:
    message_id = writer.reported("delivered", **old(writer, 4000, tenant="acme"))
    assert keeping.retention.run()["message"] == 0
    assert is_there(writer, message_id)


def test_each_tenants_own_days_count(make_runtime: RuntimeMaker, writer: Writer) -> None:
    longer = RETENTION.replace("default", "acme").replace("message_days = 90", "message_days = 100")
    keeping = make_runtime(RETENTION + SERVICE + TWO_TENANTS + longer)
    ours, theirs = (writer.reported("delivered", **old(writer, 95, tenant=name)) for name in ("default", "acme"))
    LettingRowsGo(keeping.base.pool, keeping.base.clock, keeping.base.configuration).run()
    assert (is_there(writer, ours), is_there(writer, theirs)) == (False, True)


def test_a_message_and_the_one_that_its_step_became_go_in_turn(keeping: WorkerRuntime, writer: Writer) -> None:
    child = writer.reported("delivered", **old(writer))
    parent = writer.reported("undelivered", **old(writer))
    step(writer, parent, "sent", child)
    assert keeping.retention.run()["message"] == 1
    assert (is_there(writer, parent), is_there(writer, child)) == (False, True)
    assert keeping.retention.run()["message"] == 1
    assert not is_there(writer, child)


def test_proof_of_consent_and_what_limits_have_counted_stay(keeping: WorkerRuntime, writer: Writer) -> None:
    message_id = with_everything(writer)
    writer.consent("withdrawn", writer.now - 91 * DAY, message_id=message_id)
    writer.connection.execute(
        "insert into meters (tenant, meter, begins_at, ends_at, used) values ('default', 'm', %s, %s, 7)",
        [writer.now - 91 * DAY, writer.now + DAY],
    )
    keeping.retention.run()
    assert writer.connection.execute("select message_id from consent_events").fetchall() == [(message_id,)]
    assert writer.connection.execute("select used::int from meters").fetchall() == [(7,)]


def test_a_repeat_finds_the_row_as_long_as_it_is_there_and_is_a_new_message_then(
    keeping: WorkerRuntime, writer: Writer, clock: ManualClock
) -> None:
    send = a_send(idempotency_key="once")
    first = keeping.base.accepting.accept(send)
    keeping.base.canceling.cancel(first, "default")
    clock.advance(90 * DAY.total_seconds())
    keeping.retention.run()
    assert keeping.base.accepting.accept(send) == first
    clock.advance(1)
    assert keeping.retention.run()["message"] == 1
    assert held(writer, first) == set()
    second = keeping.base.accepting.accept(send)
    assert second != first
    assert keeping.base.accepting.accept(send) == second


def test_a_repeat_that_meets_the_row_while_it_goes_is_a_new_message(keeping: WorkerRuntime, writer: Writer) -> None:
    """The insert finds the row in its way; when the accepting asks whose it is, it has gone."""
    first = writer.reported("delivered", **old(writer, idempotency_key="once"))
    asked = []

    def retain(statement: str) -> None:
        if statement == sql("find_earlier_message"):
            asked.append(keeping.retention.run()["message"])

    accepting = replace(keeping.base.accepting, pool=cast(Pool, _Overheard(keeping.base.pool, retain)))
    second = accepting.accept(a_send(idempotency_key="once"))
    assert asked == [1]
    assert (is_there(writer, first), is_there(writer, second)) == (False, True)


class _Overheard:
    """A pool whose statements somebody hears of before they are executed."""

    def __init__(self, pool: Pool, tell: Callable[[str], None]) -> None:
        self._pool, self._tell = pool, tell

    @contextmanager
    def connection(self) -> Iterator[Any]:
        with self._pool.connection() as connection:
            yield _OverheardConnection(connection, self._tell)


class _OverheardConnection:
    def __init__(self, connection: psycopg.Connection, tell: Callable[[str], None]) -> None:
        self._connection, self._tell = connection, tell

    def execute(self, statement: str, *values: Any) -> Any:
        self._tell(statement)
        return self._connection.execute(statement, *values)  # type: ignore[arg-type]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


def test_a_late_report_finds_nobody_and_does_no_harm(
    keeping: WorkerRuntime, writer: Writer, clock: ManualClock
) -> None:
    message_id = writer.reported("undelivered", **old(writer, notify=["p:failed"]))
    keeping.retention.run()
    late = {"sid": sid(message_id), "error_code": 30003, "received_at": writer.now}
    named = keeping.following.apply([report(message_id, "failed", **late)])
    unnamed = keeping.following.apply([nameless(message_id, "failed", **late)])
    assert (named.moved, unnamed.moved) == ((), ())
    assert held(writer, message_id) == set()
    assert violations(keeping) == []
    clock.advance(8 * DAY.total_seconds())
    keeping.sweep.run()
    assert writer.connection.execute("select count(*) from unmatched_callbacks").fetchone() == (0,)


def violations(runtime: WorkerRuntime) -> list[str]:
    return [one.rule for one in runtime.auditing.run(365 * DAY) if one.found]


def test_the_audit_has_nothing_to_accuse(keeping: WorkerRuntime, writer: Writer) -> None:
    with_everything(writer)
    child = writer.reported("delivered", **old(writer))
    step(writer, writer.reported("undelivered", **old(writer)), "sent", child)
    writer.reported("delivered")
    keeping.retention.run()
    assert violations(keeping) == []


def test_messages_show_says_that_there_is_none(
    keeping: WorkerRuntime, writer: Writer, database_url: str, redis_url: str
) -> None:
    message_id = writer.reported("delivered", **old(writer))
    keeping.retention.run()
    shown = run_command(
        environment(DATABASE_URL=database_url, REDIS_URL=redis_url), "messages", "show", str(message_id)
    )
    assert shown.code != 0
    assert "no message" in shown.err


def many(writer: Writer, count: int, **columns: Any) -> None:
    with writer.connection.transaction():
        for _ in range(count):
            writer.message(**old(writer, **{"status": "canceled", **columns}))


def count_of(writer: Writer, table: str) -> int:
    row = writer.connection.execute(f"select count(*) from {table}").fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])


def test_what_must_stay_hides_nothing_behind_it(keeping: WorkerRuntime, writer: Writer) -> None:
    """More than a batch of older ones is kept; the one that may go is found in the same run."""
    many(writer, rows.BATCH_ROWS + 3, tags=Jsonb({"kept": "x"}))
    writer.connection.execute(
        "insert into mms_links (message_id, promised_at) select id, now() from messages where tags ? 'kept'"
    )
    young = writer.reported("delivered", **old(writer, created_at=writer.now - 90 * DAY - timedelta(seconds=1)))
    assert keeping.retention.run()["message"] == 1
    assert not is_there(writer, young)


def test_rows_in_other_hands_are_left_to_the_next_run(
    keeping: WorkerRuntime, writer: Writer, database_url: str
) -> None:
    taken, free = (writer.reported("delivered", **old(writer)) for _ in range(2))
    with psycopg.connect(database_url) as other:
        other.execute("select from messages where id = %s for update", [taken])
        assert keeping.retention.run()["message"] == 1
        assert (is_there(writer, taken), is_there(writer, free)) == (True, False)
    assert keeping.retention.run()["message"] == 1


def test_two_runs_at_once_let_each_row_go_once(keeping: WorkerRuntime, writer: Writer) -> None:
    count = 2 * rows.BATCH_ROWS + 3
    many(writer, count)
    gone: list[int] = []
    letting = LettingRowsGo(keeping.base.pool, keeping.base.clock, keeping.base.configuration)
    at_once([lambda: gone.append(letting.run())] * 2)
    gone.append(letting.run())
    assert sum(gone) == count
    assert (count_of(writer, "messages"), count_of(writer, "message_events")) == (0, 0)


def test_a_run_that_is_killed_in_a_batch_has_taken_whole_messages_and_the_next_goes_on(
    keeping: WorkerRuntime, writer: Writer
) -> None:
    many(writer, rows.BATCH_ROWS + 3)
    batches = []

    def die(statement: str) -> None:
        if statement == sql("let_go_of_messages"):
            batches.append(statement)
            if len(batches) == 2:
                raise KeyboardInterrupt

    pool = cast(Pool, _Overheard(keeping.base.pool, die))
    with pytest.raises(KeyboardInterrupt):
        LettingRowsGo(pool, keeping.base.clock, keeping.base.configuration).run()
    assert (count_of(writer, "messages"), count_of(writer, "message_events")) == (3, 3)
    assert keeping.retention.run()["message"] == 3
    assert (count_of(writer, "messages"), count_of(writer, "message_events")) == (0, 0)


def test_a_batch_reads_no_large_table_whole(writer: Writer) -> None:
    connection = writer.connection
    connection.execute(
        "insert into messages (id, tenant, service, encoding, segments, priority, status, status_at, due_at,"
        " fingerprint, created_at, to_number, forgotten, idempotency_key)"
        " select gen_random_uuid(), 'default', 'default', 'GSM-7', 1, 1, 'delivered', at, at, '', at, 'h:0', 2,"
        " at::text"
        " from (select %s::timestamptz - n * interval '1 minute' as at from generate_series(1, 20000) as n) as written",
        [writer.now],
    )
    connection.execute(
        "insert into attempts (message_id, number, started_at, finished_at, outcome, sid)"
        " select id, 1, created_at, created_at, 'accepted', 'SM' || id from messages"
    )
    connection.execute("analyze messages, attempts")
    ids = [one for (one,) in connection.execute("select id from messages order by created_at limit 500")]
    due = {"tenant": "default", "before": writer.now - 10 * DAY, "created_at": writer.now - 365 * DAY, "limit": 500}
    values = {
        "tenant": "default",
        "ids": ids,
        "subjects": [str(one) for one in ids],
        "months": ["0001-01-01"],
        "apart": DAY,
    }
    given = {
        "lock_old_messages": {**due, "id": UUID(int=0)},
        "who_is_still_needed": values,
        "let_go_of_messages": values,
    }
    for name, asked in given.items():
        (plan,) = zip(*connection.execute("explain " + sql(name), asked).fetchall(), strict=True)  # type: ignore[arg-type]
        text = "\n".join(plan)
        assert "Seq Scan on messages" not in text, text
        assert "Seq Scan on attempts" not in text, text
        assert "messages_by_idempotency_key" not in text, text
        assert name != "lock_old_messages" or "messages_by_age" in text, text


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("body_days = 30\nnumber_days = 60\nhistory_days = 60\nmessage_days = 59", "60"),
        ("message_days = 90", "body_days and number_days and history_days"),
        ("body_days = 30\nnumber_days = 91\nhistory_days = 60\nmessage_days = 90", "number_days"),
        ("body_days = 30\nnumber_days = 60\nhistory_days = 91\nmessage_days = 90", "history_days"),
        ("body_days = 30\nnumber_days = 60\nmessage_days = 90", "history_days"),
    ],
)
def test_days_that_contradict_each_other_are_refused(make_runtime: RuntimeMaker, text: str, told: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        make_runtime(f"[tenants.default.retention]\n{text}\n")
    assert "tenants.default.retention" in refusal.value.setting
    assert told in str(refusal.value)
