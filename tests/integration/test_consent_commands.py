"""What an operator can say and see about opt-outs and invalid numbers, and with which exit code it ends."""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from messaging_pipeline.consent.ledger import ALL_SERVICES, withdraw
from messaging_pipeline.consent.opt_outs import every_opt_out
from messaging_pipeline.number_health import INVALID_AFTER
from tests.plugins.runtimes import TWO_TENANTS
from tests.support.commands import Finished, run_command
from tests.support.consenting import NUMBER, a_withdrawal, in_force, lines, number, record_unknown
from tests.support.factories import configuration_file, environment

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HIDDEN = "+1•••0123"

Run = Callable[..., Finished]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path) -> Run:
    """Run a command with the tenants `default` and `acme`, and the services `default` and `acme-alerts`."""
    path = configuration_file(tmp_path, TWO_TENANTS)
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)
    return lambda *arguments: run_command(given, *arguments)


def test_a_number_is_opted_out_and_in_again_on_an_operators_word(run: Run, connection: psycopg.Connection) -> None:
    added = run("optouts", "add", "+1 415 555 0123", "--scope", "default", "--note", "by telephone")
    assert (added.code, added.out) == (0, "opted out\n")
    assert in_force(connection) == {("default", "default", NUMBER)}
    removed = run("optouts", "remove", NUMBER, "--scope", "default")
    assert (removed.code, removed.out) == (0, "lifted: default\n")
    assert [change for _, _, change in lines(connection)] == ["withdrawn", "granted"]
    assert in_force(connection) == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ("optouts", "add", NUMBER, "--all-services", "--note", "caf\udce9"),
        ("messages", "list", "--tenant", "caf\udce9"),
    ],
    ids=["note", "tenant"],
)
def test_an_argument_that_is_not_utf8_is_wrong_usage(
    run: Run, connection: psycopg.Connection, arguments: tuple[str, ...]
) -> None:
    """So Python hands on what a terminal of another encoding has sent."""
    wrong = run(*arguments)
    assert (wrong.code, wrong.out, in_force(connection)) == (2, "", set())
    assert wrong.err == "messaging-pipeline: what was given is not UTF-8: set the terminal, or LANG, to UTF-8\n"


@pytest.mark.parametrize("arguments", [("consent", "history", NUMBER), ("optouts", "list"), ("optouts", "export")])
def test_nobody_is_said_to_be_in_for_a_misspelt_tenant(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run(*arguments, "--tenant", "acmee")
    assert (refused.code, refused.out) == (1, "")
    assert refused.err.startswith("messaging-pipeline: tenant")


def test_adding_again_and_removing_nothing_are_noted_and_no_errors(run: Run, connection: psycopg.Connection) -> None:
    run("optouts", "add", NUMBER, "--all-services")
    assert run("optouts", "add", NUMBER, "--all-services").out == "was opted out already; noted\n"
    lifted = run("optouts", "remove", NUMBER, "--scope", "default")
    assert (lifted.code, lifted.lines) == (0, ["was not opted out; noted", "still opted out: *"])
    assert len(lines(connection)) == 3


def test_removing_for_all_services_lifts_every_opt_out(run: Run) -> None:
    run("optouts", "add", NUMBER, "--scope", "default")
    run("optouts", "add", NUMBER, "--all-services")
    removed = run("optouts", "remove", NUMBER, "--all-services", "--json").json
    assert removed == {
        "tenant": "default",
        "number": NUMBER,
        "scope": ALL_SERVICES,
        "changed": [ALL_SERVICES, "default"],
        "opted_out": [],
    }


def test_a_tenants_opt_outs_are_its_own(run: Run) -> None:
    run("optouts", "add", NUMBER, "--scope", "acme-alerts", "--tenant", "acme")
    assert run("optouts", "list", "--json").json == []
    assert [one["scope"] for one in run("optouts", "list", "--tenant", "acme", "--json").json] == ["acme-alerts"]


@pytest.mark.parametrize("command", ["add", "remove"])
@pytest.mark.parametrize("scope", [(), ("--scope", "default", "--all-services")])
def test_a_scope_must_be_said_and_said_once(
    run: Run, connection: psycopg.Connection, command: str, scope: tuple[str, ...]
) -> None:
    refused = run("optouts", command, NUMBER, *scope)
    assert (refused.code, lines(connection)) == (2, [])
    assert "say either --scope SERVICE or --all-services" in refused.err


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (("optouts", "add", "12345", "--all-services"), "NUMBER"),
        (("optouts", "add", NUMBER, "--scope", "alerst"), "service"),
        (("optouts", "add", NUMBER, "--scope", "acme-alerts"), "service"),
        (("optouts", "add", NUMBER, "--scope", ALL_SERVICES[:0]), "service"),
        (("optouts", "remove", NUMBER, "--all-services", "--tenant", "acmee"), "tenant"),
        (("optouts", "list", "--number", "12345"), "--number"),
        (("consent", "history", "12345"), "NUMBER"),
        (("consent", "push-to-twilio", "--service", "acme-alerts"), "service"),
        (("numbers", "clear", "12345"), "NUMBER"),
    ],
)
def test_what_cannot_be_meant_is_refused_and_writes_nothing(
    run: Run, connection: psycopg.Connection, arguments: tuple[str, ...], field: str
) -> None:
    refused = run(*arguments)
    assert (refused.code, refused.out, lines(connection)) == (1, "", [])
    assert refused.err.startswith(f"messaging-pipeline: {field}: ")
    assert "12345" not in refused.err


def test_the_list_masks_numbers_and_says_why_and_json_does_not_mask(run: Run, connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(source="callback", sid="SM" + "1" * 32, error_code=21610)], NOON)
    header, line = run("optouts", "list").lines
    assert header.split() == ["NUMBER", "SCOPE", "SINCE", "SOURCE", "ERROR", "NOTE"]
    assert line.split() == [HIDDEN, "default", "2026-11-23", "12:00:00", "callback", "21610"]
    (shown,) = run("optouts", "list", "--json").json
    assert (shown["number"], shown["since"]) == (NUMBER, NOON.isoformat())


def test_the_list_can_be_narrowed(run: Run, connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(scope=ALL_SERVICES), a_withdrawal(number=number(1))], NOON)
    for option, expected in (("--scope", ALL_SERVICES), ("--number", NUMBER)):
        (found,) = run("optouts", "list", option, expected, "--json").json
        assert (found["scope"], found["number"]) == (ALL_SERVICES, NUMBER)
    assert len(run("optouts", "list", "--limit", "1", "--json").json) == 1


def test_an_export_is_all_of_it_as_csv_with_numbers_in_full(run: Run, connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(note='said "stop", twice'), a_withdrawal(number=number(1))], NOON)
    exported = run("optouts", "export")
    rows = list(csv.DictReader(exported.lines))
    assert [row["number"] for row in rows] == [number(1), NUMBER]
    assert rows[1] == {
        "tenant": "default",
        "scope": "default",
        "number": NUMBER,
        "since": NOON.isoformat(),
        "source": "operator",
        "error_code": "",
        "note": 'said "stop", twice',
    }
    assert run("optouts", "export", "--json").json[0]["number"] == number(1)


def test_an_export_reads_page_by_page_and_leaves_nobody_out(connection: psycopg.Connection) -> None:
    places = [(number(one), scope) for one in range(5) for scope in (ALL_SERVICES, "default")]
    withdraw(connection, [a_withdrawal(number=one, scope=scope) for one, scope in places], NOON)
    exported = [(row["number"], row["scope"]) for row in every_opt_out(connection, "default", page_rows=3)]
    assert (len(exported), set(exported)) == (len(places), set(places))


def test_a_history_shows_every_line_and_what_follows(run: Run) -> None:
    run("optouts", "add", NUMBER, "--scope", "default", "--note", "by telephone")
    run("optouts", "remove", NUMBER, "--scope", "default")
    run("optouts", "add", NUMBER, "--all-services")
    shown = run("consent", "history", NUMBER)
    assert shown.lines[0] == f"{HIDDEN}  opted out: *"
    assert len(shown.lines) == 2 + 3
    assert NUMBER not in shown.out
    history = run("consent", "history", NUMBER, "--json").json
    assert (history["tenant"], history["number"]) == ("default", NUMBER)
    assert [one["scope"] for one in history["opted_out"]] == [ALL_SERVICES]
    assert [one["change"] for one in history["events"]] == ["withdrawn", "granted", "withdrawn"]
    assert history["events"][0]["note"] == "by telephone"
    assert {one["source"] for one in history["events"]} == {"operator"}


def test_the_history_of_a_number_nobody_spoke_about_is_empty(run: Run) -> None:
    shown = run("consent", "history", NUMBER)
    assert (shown.code, shown.lines[0]) == (0, f"{HIDDEN}  not opted out")


def test_invalid_numbers_are_listed_masked_and_cleared(run: Run, connection: psycopg.Connection) -> None:
    doubted = [("default", number(1), 30005)]
    record_unknown(connection, [("default", NUMBER, 30005)] * INVALID_AFTER + doubted, NOON)
    _, line = run("numbers", "list").lines
    assert line.split() == [HIDDEN, "2026-11-23", "12:00:00", "3", "30005"]
    (shown,) = run("numbers", "list", "--json").json
    assert (shown["number"], shown["invalid_since"]) == (NUMBER, NOON.isoformat())
    assert run("numbers", "clear", NUMBER).out == "cleared\n"
    assert run("numbers", "clear", NUMBER, "--json").json == {"tenant": "default", "number": NUMBER, "cleared": False}
    assert run("numbers", "list", "--json").json == []


def test_without_a_database_the_code_says_so(run: Run) -> None:
    away = environment(DATABASE_URL="postgresql://127.0.0.1:9/nowhere")
    assert run_command(away, "optouts", "add", NUMBER, "--all-services").code == 3
