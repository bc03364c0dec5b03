"""What commands print: JSON for programs, lines for people; and which error is which exit code."""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import psycopg
from redis.exceptions import RedisError

from messaging_pipeline.db.pool import UNREACHABLE
from messaging_pipeline.errors import InvalidSettings, NotReachable, PipelineError
from messaging_pipeline.history.tracing import as_json

REFUSED = 1
WRONG_USAGE = 2
NOT_REACHABLE = 3

_WRONG_SCHEMA = (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Give a command ``--json``."""
    return click.option("--json", "json_wanted", is_flag=True, help="Print JSON.")(command)


def print_json(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, default=as_json, ensure_ascii=False, indent=2))


def print_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print columns as wide as they need to be."""
    cells = [[str("" if cell is None else cell) for cell in row] for row in [header, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


@contextmanager
def exit_codes() -> Iterator[None]:
    """Turn an error into one sentence on standard error and an exit code: 1 refused, 2 wrong, 3 not reachable."""
    try:
        with _given_in_utf8():
            yield
    except InvalidSettings as error:
        _leave(str(error), WRONG_USAGE)
    except NotReachable as error:
        _leave(str(error), NOT_REACHABLE)
    except PipelineError as error:
        _leave(str(error), REFUSED)
    except (*UNREACHABLE, *_WRONG_SCHEMA, psycopg.errors.InsufficientPrivilege) as error:
        _leave(_of_postgres(error), NOT_REACHABLE)
    except RedisError:
        _leave(str(NotReachable("Redis", "REDIS_URL")), NOT_REACHABLE)


def _of_postgres(error: Exception) -> str:
    match error:
        case psycopg.errors.UndefinedTable():
            return "DATABASE_URL: the database has no schema yet; run `messaging-pipeline migrate`"
        case psycopg.errors.UndefinedColumn():
            return "DATABASE_URL: the database lacks a migration of this version; run `messaging-pipeline migrate`"
        case psycopg.errors.InsufficientPrivilege():
            return "DATABASE_URL: its login may not do that; see the GRANTs that it has"
        case psycopg.errors.ReadOnlySqlTransaction():
            return "DATABASE_URL: is a replica, where nothing can be written; give the primary's address"
        case psycopg.errors.QueryCanceled():
            return "Postgres took too long to answer; ask for less, or when it has less to do"
    return str(NotReachable("Postgres", "DATABASE_URL"))


@contextmanager
def _given_in_utf8() -> Iterator[None]:
    """Python takes any bytes as arguments; those that are no text go into no database and no request."""
    try:
        yield
    except UnicodeEncodeError as error:
        if error.encoding != "utf-8":
            raise
        _leave("what was given is not UTF-8: set the terminal, or LANG, to UTF-8", WRONG_USAGE)


def _leave(sentence: str, code: int) -> None:
    click.echo(f"messaging-pipeline: {sentence}", err=True)
    sys.exit(code)
