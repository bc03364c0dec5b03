"""A number that carriers do not know, three times over, is marked; one delivery and all is forgotten."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from messaging_pipeline.number_health import INVALID_AFTER, clear, record_heard, record_reached
from tests.support.consenting import NUMBER, number, record_unknown

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
UNKNOWN = ("default", NUMBER, 30005)


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True, options="-c timezone=UTC") as connection:
        yield connection


def known(connection: psycopg.Connection) -> list[tuple[object, ...]]:
    """What is held against numbers: tenant, number, count and mark."""
    rows = connection.execute("select tenant, number, unknown_count, invalid_since from number_health order by 1, 2")
    return rows.fetchall()


def test_a_number_is_invalid_at_the_third_report_and_becomes_so_once(connection: psycopg.Connection) -> None:
    hours = [NOON + timedelta(hours=count) for count in range(5)]
    became = [record_unknown(connection, [UNKNOWN], at) for at in hours]
    assert became == [[], [], [("default", NUMBER)], [], []]
    assert known(connection) == [("default", NUMBER, 5, hours[INVALID_AFTER - 1])]


def test_reports_in_one_batch_count_each(connection: psycopg.Connection) -> None:
    assert record_unknown(connection, [UNKNOWN] * INVALID_AFTER, NOON) == [("default", NUMBER)]
    assert known(connection) == [("default", NUMBER, INVALID_AFTER, NOON)]


def test_the_newest_code_and_time_are_kept(connection: psycopg.Connection) -> None:
    later = NOON + timedelta(hours=1)
    record_unknown(connection, [("default", NUMBER, 30006), UNKNOWN], NOON)
    record_unknown(connection, [UNKNOWN, ("default", NUMBER, 30006)], later)
    assert connection.execute("select last_code, last_at from number_health").fetchone() == (30006, later)


def test_what_one_tenant_hears_is_not_held_against_another(connection: psycopg.Connection) -> None:
    record_unknown(connection, [UNKNOWN, UNKNOWN, ("acme", NUMBER, 30005)], NOON)
    assert known(connection) == [("acme", NUMBER, 1, None), ("default", NUMBER, 2, None)]


def test_a_delivery_forgets_the_counts_and_the_mark(connection: psycopg.Connection) -> None:
    record_unknown(connection, [UNKNOWN] * INVALID_AFTER + [("acme", NUMBER, 30005)], NOON)
    assert record_reached(connection, [("default", NUMBER), ("default", NUMBER)]) == 1
    assert known(connection) == [("acme", NUMBER, 1, None)]
    assert record_unknown(connection, [UNKNOWN] * (INVALID_AFTER - 1), NOON) == []


def test_a_delivery_to_a_number_that_never_failed_writes_nothing(connection: psycopg.Connection) -> None:
    with connection.transaction():
        assert record_reached(connection, [("default", number(one)) for one in range(100)]) == 0
        assert connection.execute("select pg_current_xact_id_if_assigned()").fetchone() == (None,)


def test_in_one_batch_a_delivery_has_the_last_word(connection: psycopg.Connection) -> None:
    record_unknown(connection, [UNKNOWN] * INVALID_AFTER, NOON)
    unknown = [UNKNOWN, ("default", number(1), 30005), ("default", number(2), 30005)]
    reached = [("default", NUMBER), ("default", number(2)), ("default", number(3))]
    assert record_heard(connection, unknown=unknown, reached=reached, now=NOON) == []
    assert known(connection) == [("default", number(1), 1, None), ("default", NUMBER, 0, None)]
    assert record_unknown(connection, [UNKNOWN] * (INVALID_AFTER - 1), NOON) == []


def test_a_batch_of_deliveries_alone_forgets(connection: psycopg.Connection) -> None:
    record_unknown(connection, [UNKNOWN] * INVALID_AFTER, NOON)
    record_heard(connection, unknown=[], reached=[("default", NUMBER)], now=NOON)
    assert known(connection) == []


def test_clearing_forgets_and_says_whether_there_was_anything(connection: psycopg.Connection) -> None:
    record_unknown(connection, [UNKNOWN] * INVALID_AFTER, NOON)
    assert clear(connection, "default", NUMBER)
    assert not clear(connection, "default", NUMBER)
    assert known(connection) == []


def test_nothing_heard_asks_nothing_of_the_database(connection: psycopg.Connection) -> None:
    connection.close()
    assert record_unknown(connection, [], NOON) == []
    assert record_reached(connection, []) == 0
