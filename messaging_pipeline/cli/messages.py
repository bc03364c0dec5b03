"""Commands about messages: send one, see one, list them, withdraw one."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import click

from messaging_pipeline.accept.request import PRIORITY_RANKS
from messaging_pipeline.cli.durations import Duration
from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.plans import plan_of, plan_options
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.cli.tags import parsed, tag_option
from messaging_pipeline.feedback import OUTCOMES, Outcome
from messaging_pipeline.gates.order import GATES
from messaging_pipeline.history.timeline import timeline
from messaging_pipeline.ids import E164, MessageId
from messaging_pipeline.messages.phone_numbers import masked, parse_e164
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.pseudonyms import forms_of
from messaging_pipeline.runtime import Runtime

#: A list has a line for each message; `messages show` has all of the reason.
_REASON_WIDTH = 60

_service = click.option("--service", help="Which service sends.", default="default", show_default=True)
_tenant = click.option("--tenant", help="Whose message it is.", default="default", show_default=True)


@click.command()
@click.argument("to")
@click.argument("body", required=False)
@_service
@_tenant
@click.option("--media-url", "media_urls", multiple=True, help="Picture or file to send along; up to ten times.")
@click.option("--from", "from_", help="Send from this number instead of the service's choice.")
@click.option("--idempotency-key", help="A repeat with the same key and content returns the first message's id.")
@click.option("--priority", type=click.Choice(list(PRIORITY_RANKS)), default="normal", show_default=True)
@click.option("--send-at", help="ISO 8601 with time zone, up to 35 days ahead.")
@click.option("--expires-at", help="ISO 8601 with time zone; after this it is not sent.")
@tag_option
@click.option(
    "--smart-encoding/--no-smart-encoding",
    default=None,
    help="Send typographic quotes, dashes and spaces as plain ones.",
)
@plan_options
@json_option
def send(to: str, body: str | None, json_wanted: bool, **options: Any) -> None:
    """Hand over a message TO a number (E.164) with a BODY; print its id."""
    plan = plan_of(options.pop("fallback"), options.pop("fallback_email"))
    arguments = {"to": to, "body": body, **options, "media_urls": list(options["media_urls"]), **plan}
    with command_runtime() as runtime:
        message_id = runtime.accepting.accept(arguments)
    print_json({"id": message_id}) if json_wanted else click.echo(message_id)


@click.group()
def messages() -> None:
    """See and steer messages."""


def _parse_id(_: click.Context, __: click.Parameter, text: str) -> MessageId:
    try:
        return MessageId(UUID(text))
    except ValueError:
        raise click.BadParameter("is not a message id; a message id is a UUID") from None


@messages.command()
@click.argument("id_", metavar="ID", callback=_parse_id)
@click.option("--tenant", help="Only if it is this tenant's.")
@json_option
def show(id_: MessageId, tenant: str | None, json_wanted: bool) -> None:
    """Show where a message is, and why: its attempts, its events, its fallback."""
    with command_runtime() as runtime:
        message = runtime.waiting.told(runtime.tracing.message(id_, tenant))
    print_json(message) if json_wanted else click.echo("\n".join(timeline(message)))


@messages.command("list")
@_tenant
@click.option("--status", type=click.Choice([status.value for status in Status]))
@click.option("--service")
@click.option("--gate", type=click.Choice([name for name, _ in GATES]), help="Only what waits at this gate.")
@click.option("--to", help="Only to this number (E.164).")
@click.option("--since", type=Duration(), help="Only those accepted since then (30m, 12h, 7d).")
@click.option(
    "--tag",
    "tags",
    multiple=True,
    metavar="NAME=VALUE",
    callback=parsed,
    help="Only those with this tag; needs --since. May be repeated.",
)
@click.option("--idempotency-key", help="Only the one that was handed over with this key.")
@click.option("--sid", help="Only the one that has this SID at Twilio, or had it.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, to: str | None, since: timedelta | None, json_wanted: bool, **options: Any) -> None:
    """List messages, newest first."""
    if options["tags"] and since is None:
        raise click.UsageError("--tag needs --since: say how far back to look, for every message since then is read")
    number = parse_e164(to, "--to") if to else None
    with listing_runtime() as runtime:
        found = runtime.tracing.messages(
            tenant=tenant,
            to=_forms(runtime, tenant, number),
            since=None if since is None else runtime.clock.now() - since,
            **options,
        )
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("ID", "SERVICE", "TO", "STATUS", "ERROR", "SEGMENTS", "CREATED", "REASON"),
        [
            (
                one["id"],
                one["service"],
                masked(one["to"]) if one["to"] else "",
                one["status"],
                one["error_code"],
                one["segments"],
                f"{one['created_at']:%Y-%m-%d %H:%M:%S}",
                _cut(one["reason"] or ""),
            )
            for one in found
        ],
    )


def _cut(reason: str) -> str:
    return reason if len(reason) <= _REASON_WIDTH else f"{reason[: _REASON_WIDTH - 1]}…"


def _forms(runtime: Runtime, tenant: str, number: E164 | None) -> list[str] | None:
    """A number, and the hash that it may have become."""
    if number is None:
        return None
    with runtime.pool.connection() as connection:
        return forms_of(connection, runtime.sealer, tenant, number)


@messages.command()
@click.argument("id_", metavar="ID", callback=_parse_id)
@_tenant
@json_option
def cancel(id_: MessageId, tenant: str, json_wanted: bool) -> None:
    """Withdraw a message that has not been sent yet."""
    with command_runtime() as runtime:
        runtime.canceling.cancel(id_, tenant)
    print_json({"id": id_, "status": "canceled"}) if json_wanted else click.echo("canceled")


@messages.command()
@click.argument("id_", metavar="ID", callback=_parse_id)
@_tenant
@click.option("--sent", "sid", metavar="SID", help="It was sent, and this is its SID at Twilio.")
@click.option("--not-sent", is_flag=True, help="It was not sent; it is sent again.")
@click.option("--force", is_flag=True, help="Take your word for the SID, whatever Twilio says.")
@json_option
def resolve(id_: MessageId, tenant: str, sid: str | None, not_sent: bool, force: bool, json_wanted: bool) -> None:
    """Settle a message in doubt (unconfirmed): it was sent, as this SID, or it was not."""
    if (sid is None) == (not not_sent):
        raise click.UsageError("give either --sent SID or --not-sent")
    with command_runtime() as runtime:
        if sid is None:
            runtime.resolving.not_sent(id_, tenant)
            status = Status.PENDING
        else:
            status = runtime.resolving.sent(id_, tenant, sid, force=force)
    print_json({"id": id_, "status": status}) if json_wanted else click.echo(status.value)


@messages.command()
@click.argument("id_", metavar="ID", callback=_parse_id)
@click.argument("outcome", type=click.Choice(OUTCOMES))
@_tenant
@json_option
def feedback(id_: MessageId, outcome: Outcome, tenant: str, json_wanted: bool) -> None:
    """Tell Twilio whether a message has had its effect, such as a code that was typed in."""
    with command_runtime() as runtime:
        runtime.feedback.give(id_, tenant, outcome)
    print_json({"id": id_, "feedback": outcome}) if json_wanted else click.echo(outcome)
