"""`messaging-pipeline audit` as operators and their scripts meet it: what it prints, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from tests.plugins.stacks import Command
from tests.support.factories import environment
from tests.support.written_lives import Writer

Audit = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def writer(database_url: str) -> Iterator[Writer]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield Writer(connection, datetime.now(UTC))


@pytest.fixture
def audit(database_url: str) -> Audit:
    """Run the command in a process of its own."""

    def run(*arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        values = {"PATH": "/usr/bin:/bin", **environment(**{"DATABASE_URL": database_url, **changes})}
        line = [sys.executable, "-m", "messaging_pipeline.cli.main", "audit", *arguments]
        return subprocess.run(line, env=values, capture_output=True, text=True, check=False, timeout=60)

    return run


def test_whole_data_ends_with_0(audit: Audit, writer: Writer) -> None:
    writer.queued()
    ended = audit()
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[0].split() == ["RULE", "CHECKED", "VIOLATIONS"]


def test_a_broken_rule_ends_with_1_and_names_the_message(audit: Audit, writer: Writer) -> None:
    message_id = writer.queued(check_at=None)
    ended = audit()
    assert ended.returncode == 1
    assert f"  {message_id}  is queued, and nobody will ask Twilio about it" in ended.stdout.splitlines()


def test_programs_get_json(audit: Audit, writer: Writer) -> None:
    message_id = writer.queued(check_at=None)
    ended = audit("--json")
    assert ended.returncode == 1
    (finding,) = [one for one in json.loads(ended.stdout) if one["found"]]
    assert (finding["rule"], finding["checked"]) == ("in_time", 1)
    assert [one["message_id"] for one in finding["violations"]] == [str(message_id)]


def test_what_is_older_than_asked_for_is_left_alone(audit: Audit, writer: Writer) -> None:
    writer.queued(check_at=None, created_at=writer.now - timedelta(hours=13))
    assert audit("--since", "12h").returncode == 0
    assert audit("--since", "1d").returncode == 1


def test_a_database_that_is_away_ends_with_3(audit: Audit) -> None:
    ended = audit(DATABASE_URL="postgresql://127.0.0.1:9/nowhere")
    assert ended.returncode == 3
    assert "DATABASE_URL" in ended.stderr


def test_a_length_of_time_that_is_none_ends_with_2(audit: Audit) -> None:
    ended = audit("--since", "a while")
    assert ended.returncode == 2
    assert "7d" in ended.stderr


def test_what_the_running_pipeline_has_written_breaks_no_rule(command: Command) -> None:
    assert command("send", "+15005550101", "Your table is ready.").returncode == 0
    ended = command("audit", "--json")
    assert [one for one in json.loads(ended.stdout) if one["found"]] == []
    assert ended.returncode == 0
