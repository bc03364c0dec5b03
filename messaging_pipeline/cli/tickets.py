"""Commands about tickets: what became of the messages that belong into one."""

from typing import Any

import click

from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.tickets.overview import STATES, list_entries


@click.group()
def tickets() -> None:
    """Inbound messages and the tickets they went into."""


@tickets.command("list")
@click.option("--tenant", help="Whose tickets.", default="default", show_default=True)
@click.option("--state", type=click.Choice(STATES), help="Only those that stand there.")
@click.option("--desk", help="Only of this one of `[tickets]`.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, json_wanted: bool, **options: Any) -> None:
    """List inbound messages that belong into tickets, newest first."""
    with command_runtime() as runtime, runtime.pool.connection() as connection:
        found = list_entries(connection, tenant, **options)
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("RECEIVED", "SID", "NUMBER", "DESK", "STATE", "TICKET", "EXPLANATION"),
        [
            (
                f"{one['received_at']:%Y-%m-%d %H:%M:%S}",
                one["sid"],
                masked(one["number"]),
                *(one[name] for name in ("desk", "state", "ticket", "explanation")),
            )
            for one in found
        ],
    )
