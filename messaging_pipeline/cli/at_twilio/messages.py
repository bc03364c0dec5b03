"""Commands about messages as Twilio holds them: see one, list them, remove one."""

from collections.abc import Mapping
from typing import Any

import click

from messaging_pipeline.cli.at_twilio.answers import told
from messaging_pipeline.cli.at_twilio.connecting import AccountAtTwilio, account_of
from messaging_pipeline.cli.at_twilio.create import create
from messaging_pipeline.cli.at_twilio.options import MESSAGE, limit_option, make_sure, tenant_option, yes_option
from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.messages.phone_numbers import masked, parse_e164
from messaging_pipeline.twilio_api.error_table import look_up
from messaging_pipeline.twilio_api.remote_messages import RemoteMessage

_sid = click.argument("sid", type=MESSAGE)


@click.group()
def messages() -> None:
    """Messages as Twilio holds them; `messaging-pipeline messages` shows what the pipeline knows."""


messages.add_command(create)


@messages.command()
@_sid
@tenant_option
@click.option("--text", "with_text", is_flag=True, help="With what it says.")
@json_option
def fetch(sid: str, tenant: str, with_text: bool, json_wanted: bool) -> None:
    """Ask Twilio for one message; for what it says only when asked to."""
    with account_of(tenant) as at_twilio:
        found = told(at_twilio, at_twilio.api.fetch(sid), "message", sid)
    if json_wanted:
        print_json(_as_json(found) | ({"body": found.body} if with_text else {}))
        return
    for name, value in _lines(found).items():
        click.echo(f"{name:<9} {value}")
    if with_text:
        click.echo(f"\n{found.body}")


@messages.command("list")
@tenant_option
@click.option("--to", help="Only to this number (E.164).")
@click.option("--from", "from_", help="Only from this number, short code or name.")
@limit_option
@json_option
def list_(tenant: str, to: str | None, from_: str | None, limit: int, json_wanted: bool) -> None:
    """List messages at Twilio, both ways, newest first."""
    number = parse_e164(to, "--to") if to else None
    with account_of(tenant) as at_twilio:
        found = _listed(at_twilio, number, from_, limit)
    if json_wanted:
        print_json([_as_json(one) for one in found])
        return
    print_table(
        ("SID", "DIRECTION", "TO", "FROM", "STATUS", "ERROR", "CREATED"),
        [_row(one) for one in found],
    )


@messages.command()
@_sid
@tenant_option
@yes_option
@json_option
def remove(sid: str, tenant: str, yes: bool, json_wanted: bool) -> None:
    """Delete a finished message at Twilio, with its text and files, for good; the pipeline keeps its own record."""
    make_sure(f"{sid} will be gone from Twilio for good.", yes=yes)
    with account_of(tenant) as at_twilio:
        told(at_twilio, at_twilio.api.remove(sid), "message", sid)
    print_json({"sid": sid, "removed": True}) if json_wanted else click.echo("removed")


def _listed(at_twilio: AccountAtTwilio, to: str | None, from_: str | None, limit: int) -> list[RemoteMessage]:
    page = told(at_twilio, at_twilio.api.list_messages(to=to, from_=from_, page_size=limit), "list", "of messages")
    found = list(page.messages)
    while page.next_page_url and len(found) < limit:
        page = told(at_twilio, at_twilio.api.next_page(page.next_page_url), "list", "of messages")
        found += page.messages
    return found[:limit]


def _row(one: RemoteMessage) -> tuple[object, ...]:
    return one.sid, one.direction, _seen(one.to), _seen(one.from_), one.status, one.error_code, _at(one)


def _as_json(message: RemoteMessage) -> dict[str, Any]:
    return {
        "sid": message.sid,
        "status": message.status,
        "error_code": message.error_code,
        "direction": message.direction,
        "to": message.to,
        "from": message.from_,
        "messaging_service_sid": message.messaging_service_sid,
        "num_media": message.num_media,
        "num_segments": message.num_segments,
        "price": message.price,
        "price_unit": message.price_unit,
        "created_at": message.date_created,
        "sent_at": message.date_sent,
    }


def _lines(message: RemoteMessage) -> Mapping[str, object]:
    cost = "" if message.price is None else f"{message.price} {message.price_unit or ''}".strip()
    lines = {
        "message": message.sid,
        "status": message.status,
        "error": message.error_code and f"{message.error_code}: {look_up(message.error_code).explanation}",
        "direction": message.direction,
        "to": _seen(message.to),
        "from": _seen(message.from_),
        "service": message.messaging_service_sid,
        "segments": message.num_segments,
        "media": message.num_media,
        "price": cost,
        "created": _at(message),
    }
    return {name: value for name, value in lines.items() if value}


def _seen(address: str | None) -> str:
    """A sender that is no number is nobody's secret."""
    return "" if not address else masked(address) if "+" in address else address


def _at(message: RemoteMessage) -> str:
    return f"{message.date_created:%Y-%m-%d %H:%M:%S} UTC" if message.date_created else ""
