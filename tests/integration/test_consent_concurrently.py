"""Many workers write about the same numbers at once: nobody deadlocks, no proof counts twice, the list follows."""

import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import psycopg
import pytest

from messaging_pipeline.consent.ledger import ALL_SERVICES, Withdrawal, grant, withdraw
from messaging_pipeline.number_health import record_heard
from tests.support.consenting import a_grant, a_withdrawal, derived, in_force, lines, number
from tests.support.racing import at_once, deadlocks, wait_for_waiters

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
THREADS = 6
NUMBERS = 40
ROUNDS = 5
PATIENCE_SECONDS = 60

Work = Callable[[psycopg.Connection], object]


@pytest.fixture
def observer(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


def rounds(database_url: str, work: Callable[[psycopg.Connection, random.Random], object], seed: int) -> None:
    """Do it a few times, each in a transaction, with dice of this thread's own."""
    dice = random.Random(seed)
    with psycopg.connect(database_url) as connection:
        for _ in range(ROUNDS):
            work(connection, dice)
            connection.commit()


def shuffled(entries: Sequence[Withdrawal], dice: random.Random) -> list[Withdrawal]:
    mine = list(entries)
    dice.shuffle(mine)
    return mine


def test_the_same_refusals_in_any_order_are_written_once_each(database_url: str, observer: psycopg.Connection) -> None:
    told = [a_withdrawal(number=number(one), sid=f"SM{one:032}", source="callback") for one in range(NUMBERS)]
    before = deadlocks(observer)

    def hear(connection: psycopg.Connection, dice: random.Random) -> None:
        withdraw(connection, shuffled(told, dice), NOON)

    at_once([lambda seed=seed: rounds(database_url, hear, seed) for seed in range(THREADS)])
    assert sorted(line[0] for line in lines(observer)) == [one.number for one in told]
    assert len(in_force(observer)) == NUMBERS
    assert deadlocks(observer) == before


def test_stops_and_starts_at_once_leave_the_list_that_the_ledger_says(
    database_url: str, observer: psycopg.Connection
) -> None:
    before = deadlocks(observer)

    def speak(connection: psycopg.Connection, dice: random.Random) -> None:
        places = [
            {"number": number(dice.randrange(8)), "scope": dice.choice(["alerts", ALL_SERVICES])} for _ in range(6)
        ]
        if dice.random() < 0.5:
            withdraw(connection, [a_withdrawal(**place) for place in places], NOON)
        else:
            grant(connection, [a_grant(**place) for place in places], NOON)

    at_once([lambda seed=seed: rounds(database_url, speak, seed) for seed in range(THREADS)])
    assert len(lines(observer)) == THREADS * ROUNDS * 6
    assert in_force(observer) == derived(observer)
    assert deadlocks(observer) == before


def behind_each_other(database_url: str, observer: psycopg.Connection, first: Work, second: Work) -> None:
    """Let the second stand in line for what the first has not committed yet."""

    def follow() -> None:
        with psycopg.connect(database_url) as connection:
            second(connection)

    with ThreadPoolExecutor(1) as threads, psycopg.connect(database_url) as connection:
        first(connection)
        following = threads.submit(follow)
        wait_for_waiters(observer, 1)
        connection.commit()
        following.result(PATIENCE_SECONDS)


def test_a_start_behind_a_stop_that_is_not_committed_lifts_it(database_url: str, observer: psycopg.Connection) -> None:
    behind_each_other(
        database_url,
        observer,
        lambda connection: withdraw(connection, [a_withdrawal()], NOON),
        lambda connection: grant(connection, [a_grant()], NOON),
    )
    assert [change for _, _, change in lines(observer)] == ["withdrawn", "granted"]
    assert in_force(observer) == set()


def test_a_stop_behind_a_start_that_is_not_committed_stays_in_force(
    database_url: str, observer: psycopg.Connection
) -> None:
    withdraw(observer, [a_withdrawal()], NOON)
    behind_each_other(
        database_url,
        observer,
        lambda connection: grant(connection, [a_grant()], NOON),
        lambda connection: withdraw(connection, [a_withdrawal()], NOON),
    )
    assert [change for _, _, change in lines(observer)] == ["withdrawn", "granted", "withdrawn"]
    assert in_force(observer) == derived(observer) != set()


def test_two_workers_with_the_same_proof_write_one_line(database_url: str, observer: psycopg.Connection) -> None:
    proof = [a_withdrawal(sid="SM" + "1" * 32)]
    behind_each_other(
        database_url,
        observer,
        lambda connection: withdraw(connection, proof, NOON),
        lambda connection: withdraw(connection, proof, NOON),
    )
    assert len(lines(observer)) == 1


def test_unknown_numbers_and_deliveries_in_any_order_do_not_deadlock(
    database_url: str, observer: psycopg.Connection
) -> None:
    before = deadlocks(observer)

    def hear(connection: psycopg.Connection, dice: random.Random) -> None:
        mixed = [number(dice.randrange(12)) for _ in range(12)]
        unknown = [("default", one, 30005) for one in mixed[:8]]
        record_heard(connection, unknown=unknown, reached=[("default", one) for one in mixed[8:]], now=NOON)

    at_once([lambda seed=seed: rounds(database_url, hear, seed) for seed in range(THREADS)])
    assert deadlocks(observer) == before


def test_no_report_of_an_unknown_number_is_lost(database_url: str, observer: psycopg.Connection) -> None:
    def hear(connection: psycopg.Connection, dice: random.Random) -> None:
        numbers = [number(one) for one in range(NUMBERS)]
        dice.shuffle(numbers)
        record_heard(connection, unknown=[("default", one, 30005) for one in numbers], reached=[], now=NOON)

    at_once([lambda seed=seed: rounds(database_url, hear, seed) for seed in range(THREADS)])
    counts = observer.execute("select number, unknown_count from number_health").fetchall()
    assert dict(counts) == {number(one): THREADS * ROUNDS for one in range(NUMBERS)}
