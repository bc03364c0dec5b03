"""Commands about numbers that carriers do not know: list them, clear one."""

import click
from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline import number_health, number_lines
from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import masked, parse_e164

_tenant = click.option("--tenant", help="Whose recipients they are.", default="default", show_default=True)


@click.group()
def numbers() -> None:
    """Numbers that are not written to, since carriers do not know them or they are no mobile ones."""


@numbers.command("list")
@_tenant
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, limit: int, json_wanted: bool) -> None:
    """List invalid numbers, the last one found first."""
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        found = number_health.invalid_numbers(connection, tenant, limit=limit)
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("NUMBER", "INVALID SINCE", "REPORTS", "LAST ERROR"),
        [
            (
                masked(one["number"]),
                f"{one['invalid_since']:%Y-%m-%d %H:%M:%S}",
                one["unknown_count"],
                one["last_code"],
            )
            for one in found
        ],
    )


@numbers.command("landlines")
@_tenant
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_landlines(tenant: str, limit: int, json_wanted: bool) -> None:
    """List numbers that turned out to be no mobile ones, the last one found first."""
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        found = number_lines.landlines(connection, tenant, now=runtime.clock.now(), limit=limit)
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("NUMBER", "LINE", "SINCE", "UNTIL", "ERROR"),
        [
            (
                masked(one["number"]),
                one["line_type"],
                f"{one['heard_at']:%Y-%m-%d}",
                f"{one['good_until']:%Y-%m-%d}",
                one["error_code"] or "",
            )
            for one in found
        ],
    )


@numbers.command("clear")
@click.argument("number")
@_tenant
@json_option
def clear(number: str, tenant: str, json_wanted: bool) -> None:
    """Forget what was counted against a NUMBER, so that it is written to again."""
    parsed = parse_e164(number, "NUMBER")
    with command_runtime() as runtime:
        cleared = in_transaction(runtime.pool, lambda connection: _clear(connection, tenant, parsed))
    if json_wanted:
        print_json({"tenant": tenant, "number": parsed, "cleared": cleared})
    else:
        click.echo("cleared" if cleared else "there was nothing to clear")


def _clear(connection: Connection[TupleRow], tenant: str, number: E164) -> bool:
    healed = number_health.clear(connection, tenant, number)
    return number_lines.clear(connection, tenant, number) or healed
