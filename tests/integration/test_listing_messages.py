"""The list of messages: what it can be asked for, what it shows, and that no question reads the whole table."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from psycopg.types.json import Jsonb

from messaging_pipeline.db.queries import sql
from tests.plugins.simulators import QUICK_SERVICE
from tests.support.commands import Finished, run_command
from tests.support.factories import configuration_file, environment
from tests.support.written_lives import Writer, sid

NOW = datetime.now(UTC)

ListMessages = Callable[..., Finished]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def writer(connection: psycopg.Connection) -> Writer:
    return Writer(connection, NOW)


@pytest.fixture
def list_messages(database_url: str, redis_url: str, tmp_path: Path) -> ListMessages:
    path = configuration_file(tmp_path, QUICK_SERVICE)
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)
    return lambda *arguments: run_command(given, "messages", "list", *arguments)


def ids(ended: Finished) -> list[UUID]:
    assert (ended.code, ended.err) == (0, "")
    return [UUID(one["id"]) for one in ended.json]


def test_since_leaves_out_what_is_older(list_messages: ListMessages, writer: Writer) -> None:
    writer.message(created_at=NOW - timedelta(hours=3))
    fresh = writer.message(created_at=NOW - timedelta(hours=1))
    assert ids(list_messages("--since", "2h", "--json")) == [fresh]


def test_a_tag_is_looked_for_among_the_messages_since_a_time(list_messages: ListMessages, writer: Writer) -> None:
    codes = writer.message(tags=Jsonb({"intent": "otp", "shop": "7"}))
    writer.message(tags=Jsonb({"intent": "otp", "shop": "8"}))
    writer.message(tags=Jsonb({"intent": "otp", "shop": "7"}), created_at=NOW - timedelta(days=2))
    assert ids(list_messages("--since", "1d", "--tag", "intent=otp", "--tag", "shop=7", "--json")) == [codes]
    alone = list_messages("--tag", "shop=7")
    assert (alone.code, alone.out) == (2, "")
    assert "--tag needs --since" in alone.err


def test_a_key_finds_its_message_in_its_tenant_alone(list_messages: ListMessages, writer: Writer) -> None:
    ours = writer.message(idempotency_key="order-1")
    writer.message(idempotency_key="order-2")
    writer.message(idempotency_key="order-1", tenant="acme")
    assert ids(list_messages("--idempotency-key", "order-1", "--json")) == [ours]


def test_a_sid_finds_its_message_also_when_it_was_sent_again(list_messages: ListMessages, writer: Writer) -> None:
    again = writer.message()
    writer.attempt(again)
    now = writer.message(sid="SM" + "a" * 32, status="accepted")
    assert ids(list_messages("--sid", sid(again, 1), "--json")) == [again]
    assert ids(list_messages("--sid", "SM" + "a" * 32, "--json")) == [now]
    assert ids(list_messages("--sid", "SM" + "b" * 32, "--json")) == []
    assert ids(list_messages("--sid", sid(again, 1), "--tenant", "acme", "--json")) == []


def test_the_table_has_a_reason_cut_to_its_width(list_messages: ListMessages, writer: Writer) -> None:
    writer.message(status="failed", reason="x" * 60)
    assert list_messages().lines[0].split()[-1] == "REASON"
    assert list_messages().lines[1].endswith("  " + "x" * 60)
    writer.message(status="failed", reason="y" * 61, created_at=NOW + timedelta(seconds=1))
    assert list_messages().lines[1].endswith("  " + "y" * 59 + "…")


UNASKED: dict[str, Any] = dict.fromkeys(
    ("status", "service", "gate", "to_numbers", "since", "tags", "idempotency_key", "sid")
)
RECENTLY = NOW - timedelta(hours=1)
MANY = """
    insert into messages (id, tenant, service, to_number, encoding, segments, priority, status, status_at, due_at,
                          fingerprint, created_at, idempotency_key, sid, tags)
    select gen_random_uuid(), 'default', 'default', '+14155550123', 'GSM-7', 1, 1,
           case when n <= 2000 then 'pending' else 'delivered' end, at, at, '', at, n, n, '{"shop": "7"}'
    from (select n, %(now)s - make_interval(mins => n) as at from generate_series(1, 20000) n) as many
"""


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for child in plan.get("Plans", []):
        yield from nodes(child)


def indexes(connection: psycopg.Connection, statement: str, values: dict[str, Any]) -> set[str]:
    """The indexes by which a statement reads messages; no other way is allowed."""
    row = connection.execute("explain (format json) " + sql(statement), values).fetchone()
    assert row is not None
    found = list(nodes(row[0][0]["Plan"]))
    assert [one for one in found if one["Node Type"] == "Seq Scan" and one["Relation Name"] == "messages"] == []
    return {one["Index Name"] for one in found if "Index Name" in one}


def test_no_question_reads_the_whole_table(connection: psycopg.Connection) -> None:
    connection.execute(MANY, {"now": NOW})
    connection.execute("analyze messages")

    def by(**asked: Any) -> set[str]:
        return indexes(connection, "list_messages", {"tenant": "default", "limit": 50, **UNASKED, **asked})

    assert by() == {"messages_by_age"}
    assert by(since=RECENTLY) == {"messages_by_age"}
    assert by(since=RECENTLY, tags=Jsonb({"shop": "8"})) == {"messages_by_age"}
    assert by(idempotency_key="7") == {"messages_by_idempotency_key"}
    assert by(sid="7") >= {"messages_pkey", "messages_by_sid"}
    assert "messages_by_age" not in by(sid="7")


def test_what_goes_before_a_message_is_counted_by_the_index_of_what_may_leave(
    connection: psycopg.Connection,
) -> None:
    connection.execute(MANY, {"now": NOW})
    connection.execute("analyze messages")
    values = {"id": UUID(int=0), "service": "default", "priority": 1, "due_at": NOW, "now": NOW, "most": 1_500}
    assert indexes(connection, "count_before", values) == {"messages_to_claim"}
    assert connection.execute(sql("count_before"), values).fetchone() == (1_500,)


def test_services_that_no_file_names_are_found_by_that_index_too(connection: psycopg.Connection) -> None:
    connection.execute(MANY, {"now": NOW})
    connection.execute("analyze messages")
    assert indexes(connection, "strangers", {"services": []}) == {"messages_to_claim"}
    assert connection.execute(sql("strangers"), {"services": ["other"]}).fetchall() == [("default",)]
    assert connection.execute(sql("strangers"), {"services": ["default"]}).fetchall() == []
