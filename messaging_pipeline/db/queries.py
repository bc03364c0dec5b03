"""The named statements: every line of SQL that the product runs stands in ``db/sql/*.sql``."""

import re
from functools import cache
from importlib import resources
from typing import LiteralString

_NAME = re.compile(r"^-- name: (\w+)$", re.MULTILINE)
_COMMENT = re.compile(r"--[^\n]*")

LONGEST_CACHED_CHARACTERS = 4096
"""psycopg reads the placeholders of a longer statement anew each time, which costs more than to run it."""


def parse(text: str) -> dict[str, str]:
    """Split a file of statements at its ``-- name: x`` lines."""
    pieces = _NAME.split(text)
    return {name: _compact(body) for name, body in zip(pieces[1::2], pieces[2::2], strict=True)}


def _compact(statement: str) -> str:
    """Leave out what is for people. No statement has two hyphens, or blanks that matter, inside quotes."""
    return " ".join(_COMMENT.sub("", statement).split())


@cache
def _statements() -> dict[str, LiteralString]:
    statements: dict[str, LiteralString] = {}
    for file in sorted(resources.files("messaging_pipeline.db").joinpath("sql").iterdir(), key=lambda f: f.name):
        for name, statement in parse(file.read_text("utf-8")).items():
            if name in statements:
                raise ValueError(f"two statements are named {name}")
            statements[name] = statement
    return statements


def names() -> frozenset[str]:
    """Return the names of all statements."""
    return frozenset(_statements())


@cache
def sql(name: str) -> LiteralString:
    """Return the statement of this name. The text is fixed at build time, so it is a literal to psycopg."""
    return _statements()[name]
