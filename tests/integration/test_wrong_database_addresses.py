"""What is no address of a Postgres is refused at once, by the name of its setting and without its value."""

import pytest

from messaging_pipeline import InvalidSettings, Pipeline, Settings
from tests.support.commands import run_command
from tests.support.factories import environment

NO_ADDRESS = "postgresql://ada:secret@127.0.0.1:9/db?nope=1"
NOBODY = "postgresql://127.0.0.1:9/nowhere"

NEED_A_DATABASE = pytest.mark.parametrize("line", ["messages list", "migrate", "audit", "send +15005551001 Hello"])


@NEED_A_DATABASE
def test_a_command_names_the_setting(line: str) -> None:
    ended = run_command(environment(DATABASE_URL=NO_ADDRESS), *line.split())
    assert (ended.code, ended.out) == (2, "")
    assert "DATABASE_URL: is not a Postgres URL; give postgresql://" in ended.err
    assert "secret" not in ended.err


def test_a_list_names_the_replicas_setting() -> None:
    ended = run_command(environment(DATABASE_URL=NOBODY, DATABASE_REPLICA_URL=NO_ADDRESS), "messages", "list")
    assert ended.code == 2
    assert "DATABASE_REPLICA_URL: is not a Postgres URL" in ended.err


def test_a_pipeline_is_not_made() -> None:
    with pytest.raises(InvalidSettings, match="DATABASE_URL: is not a Postgres URL"):
        Pipeline(Settings.from_environment(environment(DATABASE_URL=NO_ADDRESS)))


@NEED_A_DATABASE
def test_an_address_where_nobody_listens_is_another_matter(line: str) -> None:
    ended = run_command(environment(DATABASE_URL=NOBODY), *line.split())
    assert ended.code == 3
    assert "check DATABASE_URL" in ended.err
