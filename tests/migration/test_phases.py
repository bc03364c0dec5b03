"""An update in two phases: what the old code can live with, then, when the old code is gone, what it cannot."""

import psycopg
import pytest

from messaging_pipeline.db import migrate as migrate_module
from messaging_pipeline.db.migrate import Patience, TableInUse, migrate, migrate_phase, pending
from messaging_pipeline.db.migration_files import Migration, OutOfOrder, Phase, of_phase
from messaging_pipeline.doctor.database import _schema
from tests.support.commands import run_command


def files(*phases: str) -> list[Migration]:
    """Migrations of these phases, numbered from 1, which make and drop tables."""
    made = []
    for number, phase in enumerate(phases, 1):
        statements = f"create table {phase}_{number} (id int);"
        made.append(Migration(f"{number:04}", f"{number:04}_{phase}_try.sql", statements))  # type: ignore[arg-type]
    return made


def names(migrations: list[Migration]) -> list[str]:
    return [one.name for one in migrations]


@pytest.fixture
def three_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A release with two files to begin with and one to end with."""
    release = files("pre", "pre", "post")
    monkeypatch.setattr(migrate_module, "migrations", lambda: release)
    return names(release)


def test_without_a_phase_everything_is_applied_in_order() -> None:
    release = files("pre", "post", "pre")
    assert of_phase(release, None) == release


def test_pre_leaves_what_needs_the_old_code_gone() -> None:
    assert names(of_phase(files("pre", "pre", "post"), Phase.PRE)) == ["0001_pre_try.sql", "0002_pre_try.sql"]


def test_post_applies_what_an_earlier_release_had_left_before_the_next_begins() -> None:
    assert names(of_phase(files("post", "pre"), Phase.POST)) == ["0001_post_try.sql"]


@pytest.mark.parametrize("left", [["pre", "post", "pre"], ["post", "pre"]])
def test_pre_refuses_to_pass_over_the_end_of_an_earlier_release(left: list[str]) -> None:
    with pytest.raises(OutOfOrder, match=r"_pre_try\.sql comes after .*_post_try\.sql: .*--post"):
        of_phase(files(*left), Phase.PRE)


def test_post_refuses_to_come_before_what_the_new_code_needs() -> None:
    with pytest.raises(OutOfOrder, match=r"0002_post_try\.sql comes after 0001_pre_try\.sql: .*--pre"):
        of_phase(files("pre", "post"), Phase.POST)


@pytest.mark.parametrize("phase", list(Phase))
def test_with_nothing_missing_both_phases_have_nothing_to_do(phase: Phase) -> None:
    assert of_phase([], phase) == []


def doctors_word(database_url: str) -> tuple[str, str | None]:
    """What the doctor says about the schema, and the cure."""
    with psycopg.connect(database_url) as connection:
        (finding,) = _schema(connection)
    return finding.state, finding.cure


def test_an_update_takes_two_commands_and_each_says_what_is_left(
    empty_database_url: str, three_files: list[str]
) -> None:
    environment = {"DATABASE_URL": empty_database_url}
    before = run_command(environment, "migrate", "--pre", "--json")
    assert before.json == {"applied": three_files[:2], "left": three_files[2:]}
    assert doctors_word(empty_database_url) == (
        "warning",
        "replace every process, then run `messaging-pipeline migrate --post`",
    )
    after = run_command(environment, "migrate", "--post", "--json")
    assert after.json == {"applied": three_files[2:], "left": []}
    assert doctors_word(empty_database_url) == ("ok", None)


def test_a_phase_out_of_order_is_refused_and_nothing_is_written(
    empty_database_url: str, three_files: list[str]
) -> None:
    environment = {"DATABASE_URL": empty_database_url}
    refused = run_command(environment, "migrate", "--post")
    assert (refused.code, refused.out) == (1, "")
    assert "--pre" in refused.err
    assert run_command(environment, "migrate", "--pre", "--post").code == 2
    assert run_command(environment, "migrate", "--json").json == {"applied": three_files, "left": []}


def test_a_table_that_somebody_holds_is_not_waited_for_while_others_stand_behind(
    empty_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(empty_database_url)
    change = Migration("9999", "9999_pre_try.sql", "alter table messages add column fresh text")
    monkeypatch.setattr(migrate_module, "migrations", lambda: [change])
    with psycopg.connect(empty_database_url) as reader:
        reader.execute("select count(*) from messages")
        with pytest.raises(TableInUse, match="pg_stat_activity"):
            migrate_phase(empty_database_url, Phase.PRE, Patience(10, times=2, pause_seconds=0))
        assert pending(reader) == [change.name]
    assert migrate_phase(empty_database_url, Phase.PRE).applied == [change.name]
