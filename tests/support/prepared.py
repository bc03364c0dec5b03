"""Statements that Postgres has read, with every table and column in them, and not run."""

import re
from typing import Any

import psycopg

_PARAMETER = re.compile(r"%\((\w+)\)s")

#: What psycopg says itself about the type of a value, and Postgres need not guess.
_TYPES = {"now": "timestamptz", "limit": "int", "segments": "int", "lease_until": "timestamptz", "id": "uuid"}


def prepare(connection: psycopg.Connection[Any], name: str, text: str) -> int:
    """Let Postgres read a statement, and return how many parameters it has."""
    order = list(dict.fromkeys(_PARAMETER.findall(text)))
    numbered = _PARAMETER.sub(lambda found: f"${order.index(found[1]) + 1}", text).replace("%%", "%")
    types = ", ".join(_TYPES.get(parameter, "unknown") for parameter in order)
    connection.execute(f"prepare {name}{f' ({types})' if types else ''} as {numbered}")  # type: ignore[arg-type]
    return len(order)
