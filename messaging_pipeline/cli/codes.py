"""Commands about one-time codes: send one of your own, or let Twilio Verify make, send and check one."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import click

from messaging_pipeline.cli.output import REFUSED, json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.cli.tenants import refuse_undeclared
from messaging_pipeline.one_time_codes.book import Verification
from messaging_pipeline.one_time_codes.by_message import VALID_FOR, code_message
from messaging_pipeline.one_time_codes.verifying import CHANNELS, Channel

_tenant = click.option("--tenant", help="Whose code it is.", default="default", show_default=True)


@click.group()
def codes() -> None:
    """One-time codes."""


@codes.command()
@click.argument("to")
@click.argument("body")
@_tenant
@click.option("--service", help="Which service sends.", default="default", show_default=True)
@click.option("--idempotency-key", help="A repeat with the same key sends nothing more.")
@click.option(
    "--valid-minutes",
    type=click.FloatRange(min=0, min_open=True, max=1440),
    default=VALID_FOR.total_seconds() / 60,
    show_default=True,
    help="After this it is not sent any more.",
)
@json_option
def send(body: str, valid_minutes: float, json_wanted: bool, **options: Any) -> None:
    """Send TO a number a BODY with a code of your making: before other messages, and not when it is too late."""
    with command_runtime() as runtime:
        arguments = code_message(
            body=body, now=runtime.clock.now(), valid_for=timedelta(minutes=valid_minutes), **options
        )
        message_id = runtime.accepting.accept(arguments)
    print_json({"id": message_id}) if json_wanted else click.echo(message_id)


@codes.command()
@click.argument("to")
@_tenant
@click.option("--channel", type=click.Choice(CHANNELS), default="sms", show_default=True)
@click.option("--idempotency-key", help="A repeat with the same key has no other code sent.")
@json_option
def start(to: str, tenant: str, channel: Channel, idempotency_key: str | None, json_wanted: bool) -> None:
    """Let Twilio Verify make a code and send it TO a number. Leaves with 1 unless the code has gone out."""
    key = idempotency_key or f"command:{uuid4()}"
    with command_runtime() as runtime:
        refuse_undeclared(tenant, runtime.configuration)
        started = runtime.verifying.start(to, idempotency_key=key, channel=channel, tenant=tenant)
    _tell(started, json_wanted=json_wanted)
    if started.state != "pending":
        raise SystemExit(REFUSED)


def _parse_id(_: click.Context, __: click.Parameter, text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise click.BadParameter("is not a verification's id, which is a UUID") from None


@codes.command()
@click.argument("id_", metavar="ID", callback=_parse_id)
@click.argument("code")
@_tenant
@click.option("--to", help="The number; needed when the answer to the start was lost.")
@json_option
def check(id_: UUID, code: str, tenant: str, to: str | None, json_wanted: bool) -> None:
    """Ask Twilio Verify whether CODE is the right one. Leaves with 1 unless it is."""
    with command_runtime() as runtime:
        refuse_undeclared(tenant, runtime.configuration)
        checked = runtime.verifying.check(id_, code, to=to, tenant=tenant)
    _tell(checked, json_wanted=json_wanted)
    if checked.state != "approved":
        raise SystemExit(REFUSED)


@codes.command("list")
@_tenant
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, limit: int, json_wanted: bool) -> None:
    """List what Twilio Verify was asked to send, newest first."""
    with listing_runtime() as runtime:
        refuse_undeclared(tenant, runtime.configuration)
        found = runtime.verifying.newest(tenant, limit)
    if json_wanted:
        print_json([_public(one) for one in found])
        return
    print_table(
        ("ID", "CREATED", "CHANNEL", "STATE", "EXPLANATION"),
        [(one.id, f"{one.created_at:%Y-%m-%d %H:%M:%S}", one.channel, one.state, one.explanation) for one in found],
    )


def _tell(verification: Verification, *, json_wanted: bool) -> None:
    if json_wanted:
        print_json(_public(verification))
        return
    click.echo(f"{verification.id} {verification.state}")
    if verification.explanation:
        click.echo(verification.explanation, err=True)


def _public(verification: Verification) -> dict[str, Any]:
    names = ("id", "tenant", "channel", "state", "sid", "explanation", "created_at")
    return {name: getattr(verification, name) for name in names}
