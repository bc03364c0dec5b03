"""The commands about landlines: list them, let one try again."""

from pathlib import Path

import psycopg

from tests.plugins.simulators import QUICK_SERVICE
from tests.support.commands import run_command
from tests.support.factories import configuration_file, environment


def test_they_are_listed_with_the_number_masked_and_cleared(database_url: str, redis_url: str, tmp_path: Path) -> None:
    path = configuration_file(tmp_path, QUICK_SERVICE)
    surroundings = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            "insert into number_lines values"
            " ('default', '+15005551005', 'landline', 21614, '2026-01-01', '2100-01-01'),"
            " ('acme', '+15005551006', 'landline', 30006, '2026-01-01', '2100-01-01')"
        )
    listed = run_command(surroundings, "numbers", "landlines")
    assert (listed.code, listed.lines) == (
        0,
        [
            "NUMBER     LINE      SINCE       UNTIL       ERROR",
            "+1•••1005  landline  2026-01-01  2100-01-01  21614",
        ],
    )
    assert run_command(surroundings, "numbers", "clear", "+15005551005", "--json").json["cleared"] is True
    assert run_command(surroundings, "numbers", "landlines", "--json").json == []
