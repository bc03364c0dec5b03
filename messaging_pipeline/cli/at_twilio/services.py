"""Commands about Messaging Services at Twilio, and the numbers in each."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeVar

import click

from messaging_pipeline.cli.at_twilio.answers import told, told_of_change
from messaging_pipeline.cli.at_twilio.connecting import account_of
from messaging_pipeline.cli.at_twilio.naming import sid_of
from messaging_pipeline.cli.at_twilio.options import (
    ADDRESS_OR_NONE,
    METHOD,
    SERVICE,
    given,
    limit_option,
    make_sure,
    some,
    tenant_option,
    yes_option,
)
from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.twilio_api.remote_services import RemoteService

Command = TypeVar("Command", bound=Callable[..., Any])

_USE_CASES = ("notifications", "marketing", "verification", "discussion", "poll", "undeclared")
_service = click.argument("sid", type=SERVICE)
_number = click.argument("number")

_SETTINGS = (
    click.option("--status-callback", type=ADDRESS_OR_NONE, help="Where statuses go; '' for nowhere."),
    click.option("--inbound-request-url", type=ADDRESS_OR_NONE, help="Where inbound messages go; '' for nowhere."),
    click.option("--inbound-method", type=METHOD, help="The pipeline takes POST."),
    click.option("--fallback-url", type=ADDRESS_OR_NONE, help="Where they go when that fails; '' for nowhere."),
    click.option("--fallback-method", type=METHOD, help="The pipeline takes POST."),
    click.option(
        "--use-inbound-webhook-on-number/--use-inbound-webhook-on-service",
        default=None,
        help="Whose URL inbound messages go to.",
    ),
    click.option("--sticky-sender/--no-sticky-sender", default=None, help="The same sender for a person."),
    click.option("--area-code-geomatch/--no-area-code-geomatch", default=None, help="A sender of their area code."),
    click.option("--smart-encoding/--no-smart-encoding", default=None, help="Plain quotes and dashes for typographic."),
    click.option("--mms-converter/--no-mms-converter", default=None, help="A link where a picture cannot arrive."),
    click.option("--validity-period", type=click.IntRange(1, 36_000), help="Seconds that a message may wait there."),
    click.option("--usecase", type=click.Choice(_USE_CASES), help="What it is for."),
)


def _settings(command: Command) -> Command:
    for option in reversed(_SETTINGS):
        command = option(command)
    return command


@click.group()
def services() -> None:
    """Messaging Services at Twilio; `messaging-pipeline services` steers those of messaging.toml."""


@services.command()
@click.argument("friendly_name")
@_settings
@tenant_option
@json_option
def create(friendly_name: str, tenant: str, json_wanted: bool, **settings: Any) -> None:
    """Make a service with a FRIENDLY_NAME; print its SID."""
    look = "`messaging-pipeline twilio services list` shows whether it was, before you try again"
    with account_of(tenant) as at_twilio:
        answer = at_twilio.administration.create_service(friendly_name, given(settings))
        made = told_of_change(at_twilio, answer, "service", friendly_name, look)
    print_json(asdict(made)) if json_wanted else click.echo(made.sid)


@services.command("list")
@tenant_option
@limit_option
@json_option
def list_(tenant: str, limit: int, json_wanted: bool) -> None:
    """List the services of the account."""
    with account_of(tenant) as at_twilio:
        found = told(at_twilio, at_twilio.administration.services(limit), "list", "of services")
    if json_wanted:
        print_json([asdict(one) for one in found])
        return
    print_table(
        ("SID", "NAME", "STATUS CALLBACK", "INBOUND"),
        [(one.sid, one.friendly_name, one.status_callback, _inbound(one)) for one in found],
    )


@services.command()
@_service
@tenant_option
@json_option
def fetch(sid: str, tenant: str, json_wanted: bool) -> None:
    """Show how a service is set up."""
    with account_of(tenant) as at_twilio:
        found = told(at_twilio, at_twilio.administration.service(sid), "service", sid)
    _print(found, json_wanted=json_wanted)


@services.command()
@_service
@click.option("--friendly-name", help="What it is called.")
@_settings
@tenant_option
@json_option
def update(sid: str, tenant: str, json_wanted: bool, **settings: Any) -> None:
    """Change what is named of a service, and leave the rest; print how it is set up then."""
    changes = some(given(settings))
    with account_of(tenant) as at_twilio:
        changed = told(at_twilio, at_twilio.administration.update_service(sid, changes), "service", sid)
    _print(changed, json_wanted=json_wanted)


@services.group()
def numbers() -> None:
    """The numbers in a service."""


@numbers.command("list")
@_service
@tenant_option
@limit_option
@json_option
def list_numbers(sid: str, tenant: str, limit: int, json_wanted: bool) -> None:
    """List the numbers that a service sends from."""
    with account_of(tenant) as at_twilio:
        found = told(at_twilio, at_twilio.administration.pool(sid, limit), "service", sid)
    if json_wanted:
        print_json([asdict(one) for one in found])
        return
    print_table(
        ("SID", "NUMBER", "COUNTRY", "CAPABILITIES"),
        [(one.sid, masked(one.phone_number), one.country_code, ", ".join(one.capabilities)) for one in found],
    )


@numbers.command()
@_service
@_number
@tenant_option
@json_option
def attach(sid: str, number: str, tenant: str, json_wanted: bool) -> None:
    """Put a NUMBER of the account, or its SID (PN...), into a service."""
    with account_of(tenant) as at_twilio:
        number_sid = sid_of(at_twilio, number)
        answer = at_twilio.administration.attach(sid, number_sid)
        attached = told(at_twilio, answer, "service with this SID, or number", f"{sid}, {number_sid}")
    print_json(asdict(attached)) if json_wanted else click.echo(f"{attached.sid} is in {sid}")


@numbers.command()
@_service
@_number
@tenant_option
@yes_option
@json_option
def remove(sid: str, number: str, tenant: str, yes: bool, json_wanted: bool) -> None:
    """Take a NUMBER, or its SID (PN...), out of a service; it stays the account's."""
    make_sure(f"{sid} will not send from this number any more.", yes=yes)
    with account_of(tenant) as at_twilio:
        number_sid = sid_of(at_twilio, number)
        answer = at_twilio.administration.detach(sid, number_sid)
        told(at_twilio, answer, "number", f"{number_sid} in {sid}, or no such service")
    print_json({"sid": number_sid, "removed": True}) if json_wanted else click.echo("removed")


def _inbound(service: RemoteService) -> str:
    return "as each number says" if service.use_inbound_webhook_on_number else service.inbound_request_url or "nowhere"


def _print(service: RemoteService, *, json_wanted: bool) -> None:
    if json_wanted:
        print_json(asdict(service))
        return
    for name, value in asdict(service).items():
        shown = "" if value is None else {True: "yes", False: "no"}.get(value, value)
        click.echo(f"{name.replace('_', ' '):<30} {shown}".rstrip())
