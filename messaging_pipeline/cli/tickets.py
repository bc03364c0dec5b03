"""Commands about tickets: what became of the messages that belong into one."""

from typing import Any

import click

from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.tickets.overview import STATES, list_entries
from messaging_pipeline.tickets.settling import SettlingTickets
from messaging_pipeline.tickets.start import EntryId, wake_entries


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
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
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


@tickets.command()
@click.argument("sid", metavar="SID")
@click.option("--tenant", help="Whose message it is.", default="default", show_default=True)
@click.option("--stands-in", "ticket", metavar="NUMBER", help="It stands in this ticket.")
@click.option("--not-there", is_flag=True, help="It stands in no ticket; it is sent again.")
@json_option
def resolve(sid: str, tenant: str, ticket: str | None, not_there: bool, json_wanted: bool) -> None:
    """Settle a message that is unconfirmed, refused or failed: it stands in a ticket, or in none.

    When it stands in one, its writer is told the number.
    """
    if (ticket is None) == (not not_there):
        raise click.UsageError("give either --stands-in NUMBER or --not-there")
    entry = EntryId(tenant, sid)
    with command_runtime() as runtime:
        settling = SettlingTickets(runtime.pool, runtime.clock)
        settling.not_there(entry) if ticket is None else settling.stands_in(entry, ticket)
        wake_entries(runtime.publisher, [entry])
    state = "waiting" if ticket is None else "taken"
    print_json({"sid": sid, "state": state, "ticket": ticket}) if json_wanted else click.echo(state)
