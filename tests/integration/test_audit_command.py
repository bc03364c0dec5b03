"""`messaging-pipeline audit` as operators and their scripts meet it: what it prints, and how it ends."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.support.commands import Finished, run_command
from tests.support.factories import environment
from tests.support.written_lives import Writer

Audit = Callable[..., Finished]


@pytest.fixture
def writer(database_url: str) -> Iterator[Writer]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield Writer(connection, datetime.now(UTC))


@pytest.fixture
def audit(database_url: str) -> Audit:
    """Run the command as the entry point does."""

    def run(*arguments: str, **changes: str) -> Finished:
        return run_command(environment(**{"DATABASE_URL": database_url, **changes}), "audit", *arguments)

    return run


def test_whole_data_ends_with_0(audit: Audit, writer: Writer) -> None:
    writer.queued()
    ended = audit()
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[0].split() == ["RULE", "CHECKED", "VIOLATIONS"]


def test_a_broken_rule_ends_with_1_and_names_the_message(audit: Audit, writer: Writer) -> None:
    message_id = writer.queued(check_at=None)
    ended = audit()
    assert ended.code == 1
    assert f"  {message_id}  is queued, and nobody will ask Twilio about it" in ended.out.splitlines()


def test_programs_get_json(audit: Audit, writer: Writer) -> None:
    message_id = writer.queued(check_at=None)
    ended = audit("--json")
    assert ended.code == 1
    (finding,) = [one for one in json.loads(ended.out) if one["found"]]
    assert (finding["rule"], finding["checked"]) == ("in_time", 1)
    assert [one["message_id"] for one in finding["violations"]] == [str(message_id)]


def test_what_is_older_than_asked_for_is_left_alone(audit: Audit, writer: Writer) -> None:
    writer.queued(check_at=None, created_at=writer.now - timedelta(hours=13))
    assert audit("--since", "12h").code == 0
    assert audit("--since", "1d").code == 1


def test_a_database_that_is_away_ends_with_3(audit: Audit) -> None:
    ended = audit(DATABASE_URL="postgresql://127.0.0.1:9/nowhere")
    assert ended.code == 3
    assert "DATABASE_URL" in ended.err


def test_a_length_of_time_that_is_none_ends_with_2(audit: Audit) -> None:
    ended = audit("--since", "a while")
    assert ended.code == 2
    assert "7d" in ended.err
