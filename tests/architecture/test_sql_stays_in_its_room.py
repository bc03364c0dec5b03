"""Every line of SQL stands in a file of its own, has a name, and is used."""

import ast
import re

import pytest

from messaging_pipeline.db import queries
from tests.support.product_source import PROJECT, READS_THE_SOURCE, product_modules

pytestmark = READS_THE_SOURCE

STATEMENT = re.compile(
    r"^\s*(select\s+\S|insert\s+into\s|update\s+\w+\s+set\s|delete\s+from\s|with\s+\w+\s+as\s*\()", re.IGNORECASE
)
LONGEST_UNEXPLAINED_LINES = 8
ROOM = PROJECT / "messaging_pipeline" / "db" / "sql"


def asked_for() -> list[ast.expr]:
    """What stands in the parentheses of every call of ``sql``."""
    return [argument for module in product_modules() for call in module.calls("sql") for argument in call.args]


@pytest.mark.parametrize(
    "text", ["select 1", "  Insert\n into x values (1)", "update x set y = 1", "delete from x", "with x as (select 1)"]
)
def test_a_statement_would_be_recognised(text: str) -> None:
    assert STATEMENT.match(text)


def test_no_statement_stands_in_code() -> None:
    found = [
        (module.name, text)
        for module in product_modules()
        if module.room != "db"
        for text in module.texts()
        if STATEMENT.match(text)
    ]
    assert found == []


def test_a_statement_is_asked_for_by_a_name_that_stands_there() -> None:
    assert [ast.unparse(argument) for argument in asked_for() if not isinstance(argument, ast.Constant)] == []


def test_every_name_that_is_asked_for_exists() -> None:
    assert {ast.literal_eval(argument) for argument in asked_for()} - queries.names() == set()


def test_every_statement_is_used() -> None:
    assert queries.names() - {ast.literal_eval(argument) for argument in asked_for()} == set()


def as_written() -> dict[str, str]:
    """The statements with their comments, as they stand in the files."""
    text = "\n".join(file.read_text("utf-8") for file in sorted(ROOM.glob("*.sql")))
    pieces = re.split(r"^-- name: (\w+)$", text, flags=re.MULTILINE)
    return {name: body.strip() for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}


def test_a_long_statement_says_what_it_is_for() -> None:
    unexplained = [
        name
        for name, text in as_written().items()
        if len(text.splitlines()) > LONGEST_UNEXPLAINED_LINES and not text.startswith("--")
    ]
    assert sorted(unexplained) == []


def test_no_statement_is_too_long_for_the_drivers_memory() -> None:
    assert {name for name in queries.names() if len(queries.sql(name)) > queries.LONGEST_CACHED_CHARACTERS} == set()


def test_what_is_left_out_of_a_statement_is_never_inside_quotes() -> None:
    quoted = [text for body in as_written().values() for text in re.findall(r"'[^']*'", re.sub(r"--.*", "", body))]
    assert [text for text in quoted if re.search(r"--|\s{2}|\n", text)] == []
    assert [name for name, body in as_written().items() if re.search(r"'[^'\n]*--[^'\n]*'", body)] == []
