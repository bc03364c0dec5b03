"""Commands about what people write to us: list it, show one message, note that somebody has looked at it."""

from collections.abc import Mapping
from typing import Any

import click

from messaging_pipeline.cli.output import REFUSED, json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.keyword_handlers.ledger import STATES, retry_call
from messaging_pipeline.keyword_handlers.start import CallId, wake_calls
from messaging_pipeline.messages.phone_numbers import masked, parse_e164
from messaging_pipeline.pseudonyms import forms_of
from messaging_pipeline.receive import inbox

_tenant = click.option("--tenant", help="To whom they were written.", default="default", show_default=True)


@click.group()
def inbound() -> None:
    """What people have written to us."""


@inbound.command("list")
@_tenant
@click.option("--flagged", is_flag=True, help="Only those that a person should look at, and nobody has.")
@click.option("--from", "number", help="Only from this number (E.164).")
@click.option("--handler", type=click.Choice(STATES), help="Only those whose keyword's handler stands there.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, number: str | None, json_wanted: bool, **options: Any) -> None:
    """List inbound messages, newest first, without their texts."""
    parsed = parse_e164(number, "--from") if number else None
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        numbers = None if parsed is None else forms_of(connection, runtime.sealer, tenant, parsed)
        found = inbox.list_inbound(connection, tenant, numbers=numbers, **options)
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("SID", "RECEIVED", "FROM", "SERVICE", "KEYWORD", "EFFECT", "ANSWERED", "HANDLER", "FLAG"),
        [
            (
                one["sid"],
                f"{one['received_at']:%Y-%m-%d %H:%M:%S}",
                masked(one["from"]),
                one["service"],
                _keyword(one),
                one["effect"],
                "yes" if one["answered"] else "",
                one["handler"],
                _flag(one),
            )
            for one in found
        ],
    )


@inbound.command()
@click.argument("sid")
@_tenant
@click.option("--text", "opened", is_flag=True, help="With the text, or in JSON everything that Twilio posted.")
@json_option
def show(sid: str, tenant: str, opened: bool, json_wanted: bool) -> None:
    """Show one message; its text only when asked to."""
    with command_runtime() as runtime, runtime.pool.connection() as connection:
        message = inbox.inbound_message(connection, runtime.sealer, tenant, sid, opened=opened)
    print_json(message) if json_wanted else _print_message(message)


@inbound.command()
@click.argument("sid")
@_tenant
@json_option
def seen(sid: str, tenant: str, json_wanted: bool) -> None:
    """Note that somebody has looked at a flagged message and done what was to be done."""
    with command_runtime() as runtime:
        noted = in_transaction(
            runtime.pool, lambda connection: inbox.mark_seen(connection, tenant, sid, runtime.clock.now())
        )
    if json_wanted:
        print_json({"tenant": tenant, "sid": sid, "seen": noted})
    else:
        click.echo("seen" if noted else "there was nothing to note")


@inbound.command()
@click.argument("sid")
@_tenant
@json_option
def retry(sid: str, tenant: str, json_wanted: bool) -> None:
    """Have a keyword's handler called again that has failed."""
    with command_runtime() as runtime:
        call = CallId(tenant, sid)
        owed = in_transaction(runtime.pool, lambda connection: retry_call(connection, call))
        wake_calls(runtime.publisher, [call] if owed else [])
    if json_wanted:
        print_json({"tenant": tenant, "sid": sid, "retried": owed})
    else:
        click.echo("it is called again" if owed else "no handler has failed for it")
    if not owed:
        raise SystemExit(REFUSED)


def _print_message(message: Mapping[str, Any]) -> None:
    lines = {
        "message": message["sid"],
        "received": f"{message['received_at']:%Y-%m-%d %H:%M:%S} UTC",
        "from": masked(message["from"]),
        "to": masked(message["to"]),
        "service": message["service"],
        "keyword": _keyword(message),
        "effect": message["effect"],
        "answered": "yes" if message["answered"] else "no",
        "flag": _flag(message),
        "handler": _handler(message["handler"]),
    }
    for name, value in lines.items():
        if value:
            click.echo(f"{name:<9} {value}")
    for file in message["media"]:
        click.echo(f"file {file['number']}    {_file(file)}")
    if message.get("form") == []:
        click.echo("\nits text has gone")
    for name, value in message.get("form", ()):
        if name == "Body":
            click.echo(f"\n{value}")


def _file(file: Mapping[str, Any]) -> str:
    told = [file["state"]]
    if file["state"] == "copied":
        told.append(f"{file['content_type']}, {file['size_bytes']} bytes, in {file['store']}: {file['name']}")
    return ": ".join([*told, file["explanation"]] if file["explanation"] else told)


def _keyword(message: Mapping[str, Any]) -> str:
    kind, word = message["keyword"], message["word"]
    return "" if kind is None else f"{kind} ({word})" if word != kind else kind


def _handler(call: Mapping[str, Any] | None) -> str:
    if call is None:
        return ""
    told = f"{call['state']} after {call['attempts']} call(s)"
    return f"{told}: {call['explanation']}" if call["explanation"] else told


def _flag(message: Mapping[str, Any]) -> str:
    if message["flag"] is None:
        return ""
    return f"{message['flag']} (seen)" if message["seen_at"] else str(message["flag"])
