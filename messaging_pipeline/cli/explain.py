"""The command that says what would become of a message, without sending it."""

from datetime import datetime
from typing import Any

import click

from messaging_pipeline.accept.request import PRIORITY_RANKS
from messaging_pipeline.cli.output import REFUSED, json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.cli.tags import tag_option
from messaging_pipeline.messages.phone_numbers import masked


@click.command()
@click.argument("to")
@click.argument("body", required=False)
@click.option("--service", help="Which service would send.", default="default", show_default=True)
@click.option("--tenant", help="Whose message it would be.", default="default", show_default=True)
@click.option("--media-url", "media_urls", multiple=True, help="Picture or file to send along; up to ten times.")
@click.option("--from", "from_", help="Send from this number instead of the service's choice.")
@click.option("--priority", type=click.Choice(list(PRIORITY_RANKS)), default="normal", show_default=True)
@click.option("--send-at", help="ISO 8601 with time zone, up to 35 days ahead.")
@click.option("--expires-at", help="ISO 8601 with time zone; after this it is not sent.")
@tag_option
@json_option
def explain(to: str, body: str | None, json_wanted: bool, **options: Any) -> None:
    """Say what would become of a message TO a number with a BODY: route, weight, gates, time. Nothing is sent.

    Leaves with 1 when it would be refused.
    """
    arguments = {"to": to, "body": body, **options, "media_urls": list(options["media_urls"])}
    with command_runtime() as runtime:
        found = runtime.explaining.explain(arguments)
        now = runtime.clock.now()
    if json_wanted:
        print_json(found)
    else:
        _print(found, now)
    if found["verdict"] == "refused":
        raise SystemExit(REFUSED)


def _print(found: dict[str, Any], now: datetime) -> None:
    lines = {
        "to": f"{masked(found['to'])} ({found['country']})",
        "service": f"{found['tenant']}/{found['service']}, {_standing(found)}",
        "sender": f"{found['sender']['kind']} {found['sender']['value'] or ''}".rstrip(),
        "content": _content(found),
        **({"cost": _cost(found)} if found["price_unit"] else {}),
        **({"lookup": _lookup(found["lookup"])} if found["lookup"] else {}),
        "verdict": found["verdict"],
        "leaves": _leaves(found, now),
    }
    for name, text in lines.items():
        click.echo(f"{name:<9} {text}")
    click.echo()
    print_table(("GATE", "VERDICT", "REASON"), [(one["gate"], one["outcome"], _reason(one)) for one in found["gates"]])


def _leaves(found: dict[str, Any], now: datetime) -> str:
    at = found["next_allowed_at"]
    if at is None:
        return "never"
    if found["service_state"] == "on":
        return f"from {at:%Y-%m-%d %H:%M:%S} UTC"
    return "when the service is resumed" + (f", not before {at:%Y-%m-%d %H:%M:%S} UTC" if at > now else "")


def _standing(found: dict[str, Any]) -> str:
    state = found["service_state"] if found["service_accepting"] else "drained: it accepts nothing new"
    return f"{state} ({found['route']})" if found["route"] else str(state)


def _content(found: dict[str, Any]) -> str:
    weight = f"{found['segments']} segment(s), {found['encoding']}"
    if not found["characters_forcing_ucs2"]:
        return weight
    forcing = " ".join(f"{one} (U+{ord(one):04X})" for one in found["characters_forcing_ucs2"])
    return f"{weight}, because of {forcing}; {found['segments_with_smart_encoding']} with Smart Encoding"


def _cost(found: dict[str, Any]) -> str:
    cost = found["estimated_cost"]
    return "unknown: the price list does not say" if cost is None else f"about {cost} {found['price_unit']}"


def _lookup(found: dict[str, Any]) -> str:
    if found["needed"]:
        return f"Twilio is asked what the number is before it leaves, for {found['cost']} {found['unit']}"
    return f"not needed: the number is known as {found['line_type']}"


def _reason(answer: dict[str, Any]) -> str:
    return f"{answer['reason']}; {answer['remedy']}" if answer["remedy"] else str(answer["reason"])
