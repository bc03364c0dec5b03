"""The servers and the clock that the suites run on."""

import psycopg
import redis

from messaging_pipeline.clock import ManualClock


def _keep_a_callback_once(url: str) -> None:
    with psycopg.connect(url) as connection:
        assert connection.execute("select count(*) from unmatched_callbacks").fetchone() == (0,)
        connection.execute("insert into unmatched_callbacks values ('default', 'SM1', 'sent', 0, now())")


def test_a_test_begins_with_an_empty_database(database_url: str) -> None:
    _keep_a_callback_once(database_url)


def test_another_test_does_not_see_what_the_first_one_wrote(database_url: str) -> None:
    _keep_a_callback_once(database_url)


def _increment_in_an_empty_keyspace(url: str) -> None:
    with redis.Redis.from_url(url) as client:
        assert client.dbsize() == 0
        assert client.incr("only-once") == 1


def test_a_test_begins_with_an_empty_keyspace(redis_url: str) -> None:
    _increment_in_an_empty_keyspace(redis_url)


def test_another_test_begins_with_an_empty_keyspace_too(redis_url: str) -> None:
    _increment_in_an_empty_keyspace(redis_url)


def test_the_clock_moves_only_when_told(clock: ManualClock) -> None:
    before = clock.now()
    clock.advance(90)
    assert (clock.now() - before).total_seconds() == 90
