"""Commands about redactions: what became of texts that have to go from Twilio."""

from typing import Any

import click

from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import listing_runtime
from messaging_pipeline.redaction.ledger import STATES, list_redactions


@click.group()
def redactions() -> None:
    """Texts and files that have to go from Twilio."""


@redactions.command("list")
@click.option("--tenant", help="Whose messages.", default="default", show_default=True)
@click.option("--state", type=click.Choice(STATES), help="Only those that stand there.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, json_wanted: bool, **options: Any) -> None:
    """List redactions, newest first."""
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        found = list_redactions(connection, tenant, **options)
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("OWED", "SID", "STATE", "ATTEMPTS", "EXPLANATION"),
        [
            (
                f"{one['created_at']:%Y-%m-%d %H:%M:%S}",
                *(one[name] for name in ("sid", "state", "attempts", "explanation")),
            )
            for one in found
        ],
    )
