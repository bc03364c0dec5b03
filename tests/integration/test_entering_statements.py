"""What people said elsewhere is entered by when it was said: in any order, any number of times, the same holds."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import permutations

import psycopg
import pytest

from messaging_pipeline import InvalidInput, Pipeline
from messaging_pipeline.consent.evidence import Evidence
from messaging_pipeline.consent.ledger import ALL_SERVICES, withdraw
from messaging_pipeline.consent.reading import consent_history, whole_ledger
from messaging_pipeline.consent.statements import Entered, Statement, enter
from messaging_pipeline.sealing import Sealer
from tests.support.consenting import NUMBER, a_statement, a_withdrawal, derived, in_force, lines, number
from tests.support.factories import ENCRYPTION_KEY, settings

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SEALER = Sealer([ENCRYPTION_KEY])
TOLD = Evidence(proof="form 7, version 3", ip="192.0.2.17", user_agent="Mozilla/5.0")


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def pipeline(database_url: str, redis_url: str) -> Iterator[Pipeline]:
    with Pipeline(settings(DATABASE_URL=database_url, REDIS_URL=redis_url)) as pipeline:
        yield pipeline


def entered(connection: psycopg.Connection, *statements: Statement) -> Entered:
    with connection.transaction():
        return enter(connection, SEALER, statements, NOON + 24 * HOUR)


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize(
    ("said", "opted_out"),
    [
        ((("withdrawn", "default"), ("granted", "default"), ("withdrawn", "default")), {"default"}),
        ((("granted", "default"), ("withdrawn", "default"), ("granted", "default")), set()),
        ((("withdrawn", ALL_SERVICES), ("granted", "default"), ("withdrawn", "default")), {ALL_SERVICES, "default"}),
        ((("withdrawn", "default"), ("granted", ALL_SERVICES), ("withdrawn", "other")), {"other"}),
        ((("withdrawn", "default"), ("withdrawn", ALL_SERVICES), ("granted", "default")), {ALL_SERVICES}),
        ((("granted", ALL_SERVICES), ("withdrawn", ALL_SERVICES), ("granted", ALL_SERVICES)), set()),
    ],
)
def test_what_was_said_last_holds_in_whatever_order_it_is_entered(
    connection: psycopg.Connection, said: Sequence[tuple[str, str]], opted_out: set[str], order: Sequence[int]
) -> None:
    statements = [
        a_statement(change=change, scope=scope, said_at=NOON + hour * HOUR) for hour, (change, scope) in enumerate(said)
    ]
    for position in order:
        entered(connection, statements[position])
    assert {scope for _, scope, _ in in_force(connection)} == opted_out
    assert derived(connection, "at") == in_force(connection)


def test_the_same_statement_counts_once(connection: psycopg.Connection) -> None:
    assert entered(connection, a_statement(), a_statement()).added == 1
    again = entered(connection, a_statement(source="website"), a_statement(said_at=NOON - HOUR))
    assert (again.added, again.known) == (1, 1)


def test_an_old_grant_lifts_nothing_that_twilio_told_since(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(source="callback", error_code=21610)], NOON + HOUR)
    assert entered(connection, a_statement(change="granted")).lifted == ()
    assert in_force(connection) == {("default", "default", NUMBER)}


def test_a_grant_and_a_withdrawal_of_the_same_instant_leave_us_silent(connection: psycopg.Connection) -> None:
    for scope, changes in (("default", ("granted", "withdrawn")), ("other", ("withdrawn", "granted"))):
        for change in changes:
            entered(connection, a_statement(change=change, scope=scope))
    assert {scope for _, scope, _ in in_force(connection)} == {"default", "other"}


def test_nobody_else_and_no_other_tenant_is_concerned(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(tenant="acme"), a_withdrawal(number=number(1))], NOON - HOUR)
    before = in_force(connection)
    entered(connection, a_statement(change="granted", scope=ALL_SERVICES))
    assert in_force(connection) == before


def test_what_proves_a_statement_is_sealed_and_read_back(connection: psycopg.Connection) -> None:
    entered(connection, a_statement(change="granted", source="website", evidence=TOLD), a_statement())
    stored = connection.execute("select proof from consent_events order by id").fetchall()
    assert [one is None for (one,) in stored] == [False, True]
    assert b"192.0.2.17" not in bytes(stored[0][0])
    line, bare = consent_history(connection, SEALER, "default", NUMBER)
    assert (line["proof"], line["ip"], line["user_agent"]) == ("form 7, version 3", "192.0.2.17", "Mozilla/5.0")
    assert (bare["proof"], bare["ip"], bare["added_at"]) == (None, None, NOON + 24 * HOUR)


def test_the_whole_ledger_is_read_page_by_page_and_only_its_tenants(connection: psycopg.Connection) -> None:
    entered(
        connection,
        *(a_statement(number=number(one), said_at=NOON + hour * HOUR) for one in range(4) for hour in (0, 1)),
    )
    entered(connection, a_statement(tenant="acme"))
    read = [(line["number"], line["at"]) for line in whole_ledger(connection, SEALER, "default", page_rows=3)]
    assert read == sorted(read)
    assert len(read) == len(lines(connection)) - 1


def test_an_application_tells_what_it_was_told(pipeline: Pipeline, connection: psycopg.Connection) -> None:
    pipeline.consent(NUMBER, "withdrawn", service="*")
    assert in_force(connection) == {("default", ALL_SERVICES, NUMBER)}
    told = pipeline.consent(NUMBER, "granted", service="*", source="website", proof="form 7", ip="192.0.2.17")
    assert (told.added, len(told.lifted), in_force(connection)) == (1, 1, set())
    sources = connection.execute("select source from consent_events order by id").fetchall()
    assert sources == [("application",), ("website",)]


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("number", {"number": "12345"}),
        ("change", {"change": "yes"}),
        ("service", {"service": "alerst"}),
        ("service", {"service": ""}),
        ("tenant", {"service": "*", "tenant": "acmee"}),
        ("at", {"at": NOON.replace(tzinfo=None)}),
        ("at", {"at": datetime(2999, 1, 1, tzinfo=UTC)}),
        ("at", {"at": datetime(1, 1, 1, tzinfo=timezone(14 * HOUR))}),
        ("source", {"source": "carrier pigeon"}),
        ("ip", {"ip": "192.0.2.256"}),
        ("proof", {"proof": "two\nlines"}),
        ("user_agent", {"user_agent": "x" * 1001}),
        ("note", {"note": "nothing\x00"}),
        ("note", {"note": "half a \ud83d"}),
    ],
)
def test_what_cannot_be_meant_is_refused_by_its_field_and_not_repeated(
    pipeline: Pipeline, connection: psycopg.Connection, field: str, wrong: dict[str, object]
) -> None:
    arguments = {"number": NUMBER, "change": "granted", "service": "default", **wrong}
    with pytest.raises(InvalidInput) as refused:
        pipeline.consent(arguments.pop("number"), arguments.pop("change"), **arguments)  # type: ignore[arg-type]
    assert (refused.value.field, lines(connection)) == (field, [])
    assert "12345" not in str(refused.value)
