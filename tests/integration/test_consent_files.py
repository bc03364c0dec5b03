"""The ledger in and out as CSV: checked as a whole before anything is written, and never entered twice."""

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from messaging_pipeline.consent import statements
from messaging_pipeline.consent.ledger import withdraw
from tests.plugins.runtimes import TWO_TENANTS
from tests.support.commands import Finished, run_command
from tests.support.consenting import NUMBER, a_withdrawal, in_force, lines, number
from tests.support.factories import configuration_file, environment

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
HEADER = "number,service,change,at,source,proof,ip,user_agent"
GRANTED = f'{NUMBER},default,granted,2025-03-01T10:00:00+01:00,website,"form 7, version 3",2001:db8::17,Mozilla/5.0'
WITHDRAWN = f"{number(1)},*,withdrawn,2025-04-01T10:00:00Z,,,,"

Run = Callable[..., Finished]
Import = Callable[..., Finished]


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path) -> Run:
    path = configuration_file(tmp_path, TWO_TENANTS)
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)
    return lambda *arguments: run_command(given, "consent", *arguments)


@pytest.fixture
def import_(run: Run, tmp_path: Path) -> Import:
    """Import a file of these lines."""

    def imported(*rows: str, options: tuple[str, ...] = ()) -> Finished:
        path = tmp_path / "consent.csv"
        path.write_text("\n".join(rows) + "\n", "utf-8")
        return run("import", str(path), *options)

    return imported


def test_a_file_is_entered_and_the_same_file_again_adds_nothing(
    import_: Import, connection: psycopg.Connection
) -> None:
    first = import_(HEADER, GRANTED, WITHDRAWN)
    assert (first.code, first.err) == (0, "")
    assert first.out == "2 lines added, 0 known already; 1 opt-outs came into force, 0 were lifted\n"
    assert in_force(connection) == {("default", "*", number(1))}
    again = import_(HEADER, WITHDRAWN, GRANTED, options=("--json",)).json
    assert again == {"added": 0, "known": 2, "opted_out": 0, "lifted": 0, "wrong": []}
    assert len(lines(connection)) == 2


def test_one_wrong_line_and_nothing_is_written_and_all_that_is_wrong_is_told(
    import_: Import, connection: psycopg.Connection
) -> None:
    wrong = (
        GRANTED.replace(NUMBER, "0155 12345"),
        GRANTED.replace("default", "acme-alerts"),
        GRANTED.replace("+01:00", ""),
        GRANTED.replace("2001:db8::17", "house 17"),
    )
    refused = import_(HEADER, WITHDRAWN, *wrong)
    assert (refused.code, refused.out, lines(connection)) == (1, "", [])
    told = [line.split(":")[:2] for line in refused.err.splitlines()]
    assert told[:-1] == [["line 3", " number"], ["line 4", " service"], ["line 5", " at"], ["line 6", " ip"]]
    assert refused.err.splitlines()[-1] == "4 lines are wrong; nothing was written"
    assert "12345" not in refused.err
    assert [one["line"] for one in import_(HEADER, *wrong, options=("--json",)).json["wrong"]] == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        (("number,change,at",), "column service"),
        ((HEADER + ",colour",), "column colour"),
        ((HEADER + ",ip",), "header"),
        ((HEADER, GRANTED + ",more"), "line 2"),
        ((HEADER, GRANTED, '"an open quote'), "line"),
        (("",), "column number"),
    ],
)
def test_a_file_of_another_form_is_refused(
    import_: Import, connection: psycopg.Connection, rows: tuple[str, ...], named: str
) -> None:
    refused = import_(*rows)
    assert (refused.code, lines(connection)) == (1, [])
    assert refused.err.startswith(f"messaging-pipeline: {named}")


def test_a_file_that_is_not_there_or_not_utf8_is_refused(run: Run, tmp_path: Path) -> None:
    assert run("import", str(tmp_path / "nowhere.csv")).code == 1
    (tmp_path / "latin.csv").write_bytes(b"n\xfcmber")
    assert "is not UTF-8" in run("import", str(tmp_path / "latin.csv")).err


def test_what_is_exported_can_be_imported_elsewhere(run: Run, import_: Import, connection: psycopg.Connection) -> None:
    import_(HEADER, GRANTED, WITHDRAWN)
    exported = run("export")
    rows = list(csv.DictReader(exported.lines))
    assert (rows[1]["number"], rows[1]["proof"], rows[1]["ip"]) == (NUMBER, "form 7, version 3", "2001:db8::17")
    assert (rows[0]["service"], rows[0]["source"], rows[0]["change"]) == ("*", "import", "withdrawn")
    assert import_(*exported.lines, options=("--json",)).json["known"] == 2
    connection.execute("truncate consent_events, opt_outs")
    assert import_(*exported.lines, options=("--json",)).json["added"] == 2
    dropped = {"added_at"}
    assert [{**row, **dict.fromkeys(dropped)} for row in csv.DictReader(run("export").lines)] == [
        {**row, **dict.fromkeys(dropped)} for row in rows
    ]
    assert [one["number"] for one in run("export", "--json").json] == [number(1), NUMBER]


@pytest.mark.parametrize("mark", ["\r", "\n", "\r\n", "\x0c", "\x1d", "\x85", "\u2028"], ids=repr)
def test_a_note_of_two_lines_comes_back_whichever_mark_is_between_them(
    run: Run, import_: Import, connection: psycopg.Connection, mark: str
) -> None:
    withdraw(connection, [a_withdrawal(note=f"one{mark}two")], NOON)
    exported = run("export").out.removesuffix("\n")
    connection.execute("truncate consent_events, opt_outs")
    again = import_(exported, options=("--json",))
    assert (again.err, again.json["added"]) == ("", 1)
    ((note,),) = connection.execute("select note from consent_events").fetchall()
    assert note == f"one{mark}two".replace("\r\n", "\n").replace("\r", "\n")


def test_a_tenants_ledger_is_its_own(run: Run, import_: Import, connection: psycopg.Connection) -> None:
    import_(HEADER, WITHDRAWN, options=("--tenant", "acme"))
    assert in_force(connection) == {("acme", "*", number(1))}
    assert run("export", "--json").json == []
    assert import_(HEADER, WITHDRAWN, options=("--tenant", "acmee")).code == 1


def test_all_about_one_number_is_entered_in_one_transaction(
    import_: Import, connection: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stop whose number has a grant in the transaction before must not be late."""
    monkeypatch.setattr(statements, "_BATCH_ROWS", 1)
    grants = [f"{number(one)},default,granted,2025-03-0{day}T00:00:00Z,,,," for day in (1, 2) for one in (1, 2)]
    assert import_(HEADER, *grants, options=("--json",)).json["added"] == 4
    written = connection.execute("select number, xmin::text from consent_events").fetchall()
    assert len(set(written)) == 2
