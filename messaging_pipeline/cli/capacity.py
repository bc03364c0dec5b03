"""The command that says how large an installation has to be."""

from dataclasses import asdict
from typing import Any

import click

from messaging_pipeline.capacity import Load, capacity_for
from messaging_pipeline.cli.output import json_option, print_json, print_table

_DEFAULT = Load(1)


@click.command()
@click.option("--per-second", type=click.FloatRange(0.01, 10_000), required=True, help="Messages a second at the peak.")
@click.option(
    "--hours-a-day",
    type=click.FloatRange(0.01, 24),
    default=_DEFAULT.hours_a_day,
    show_default=True,
    help="How long that lasts.",
)
@click.option(
    "--twilio-seconds",
    type=click.FloatRange(0.01, 30),
    default=_DEFAULT.twilio_seconds,
    show_default=True,
    help="How long Twilio takes to answer a create.",
)
@click.option(
    "--callbacks",
    type=click.IntRange(0, 10),
    default=_DEFAULT.callbacks,
    show_default=True,
    help="Status callbacks a message.",
)
@click.option(
    "--kept-days",
    type=click.IntRange(1, 3650),
    default=_DEFAULT.kept_days,
    show_default=True,
    help="How many days of rows to reckon: the message_days of your tenants' retention; unset, rows stay for ever.",
)
@click.option(
    "--history-days",
    type=click.IntRange(1, 3650),
    help="The history_days of your tenants' retention; histories are kept as long as rows unless given.",
)
@json_option
def capacity(per_second: float, json_wanted: bool, **load: Any) -> None:
    """Say how many processes, connections and disks a load takes, reckoned from what was measured."""
    found = asdict(capacity_for(Load(per_second, **load)))
    if json_wanted:
        print_json(found)
        return
    print_table(("WHAT", "HOW MUCH"), [(name.replace("_", " "), f"{value:,}") for name, value in found.items()])
