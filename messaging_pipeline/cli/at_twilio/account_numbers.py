"""Commands about the account's numbers: list them, see one, change where its messages go."""

from dataclasses import asdict
from typing import Any

import click

from messaging_pipeline.cli.at_twilio.answers import told
from messaging_pipeline.cli.at_twilio.connecting import account_of
from messaging_pipeline.cli.at_twilio.naming import sid_of
from messaging_pipeline.cli.at_twilio.options import (
    ADDRESS_OR_NONE,
    METHOD,
    given,
    limit_option,
    some,
    tenant_option,
)
from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.messages.phone_numbers import masked, parse_e164
from messaging_pipeline.twilio_api.remote_services import RemoteNumber

_number = click.argument("number")


@click.group()
def numbers() -> None:
    """The numbers that the account has."""


@numbers.command("list")
@click.option("--phone-number", help="Only this one (E.164).")
@tenant_option
@limit_option
@json_option
def list_(phone_number: str | None, tenant: str, limit: int, json_wanted: bool) -> None:
    """List the account's numbers, what they can do, and where their inbound messages go."""
    wanted = parse_e164(phone_number, "--phone-number") if phone_number else None
    with account_of(tenant) as at_twilio:
        found = told(at_twilio, at_twilio.administration.numbers(limit, wanted), "list", "of numbers")
    if json_wanted:
        print_json([asdict(one) for one in found])
        return
    print_table(
        ("SID", "NUMBER", "CAPABILITIES", "SMS URL"),
        [(one.sid, masked(one.phone_number), ", ".join(one.capabilities), one.sms_url) for one in found],
    )


@numbers.command()
@_number
@tenant_option
@json_option
def fetch(number: str, tenant: str, json_wanted: bool) -> None:
    """Show how a NUMBER, given by itself or by its SID (PN...), is set up."""
    with account_of(tenant) as at_twilio:
        sid = sid_of(at_twilio, number)
        found = told(at_twilio, at_twilio.administration.number(sid), "number", sid)
    _print(found, json_wanted=json_wanted)


@numbers.command()
@_number
@click.option("--sms-url", type=ADDRESS_OR_NONE, help="Where inbound messages go; '' for nowhere.")
@click.option("--sms-method", type=METHOD, help="The pipeline takes POST.")
@click.option("--sms-fallback-url", type=ADDRESS_OR_NONE, help="Where they go when that fails; '' for nowhere.")
@click.option("--sms-fallback-method", type=METHOD, help="The pipeline takes POST.")
@click.option("--status-callback", type=ADDRESS_OR_NONE, help="Where statuses of calls go; '' for nowhere.")
@tenant_option
@json_option
def update(number: str, tenant: str, json_wanted: bool, **settings: Any) -> None:
    """Change what is named of a NUMBER (or PN...), and leave the rest.

    A number in a service obeys the service, unless that leaves inbound messages to its numbers.
    """
    changes = some(given(settings))
    with account_of(tenant) as at_twilio:
        sid = sid_of(at_twilio, number)
        changed = told(at_twilio, at_twilio.administration.update_number(sid, changes), "number", sid)
    _print(changed, json_wanted=json_wanted)


def _print(number: RemoteNumber, *, json_wanted: bool) -> None:
    if json_wanted:
        print_json(asdict(number))
        return
    shown = {
        **asdict(number),
        "phone_number": masked(number.phone_number),
        "friendly_name": None,
        "capabilities": ", ".join(number.capabilities),
    }
    for name, value in shown.items():
        if value:
            click.echo(f"{name.replace('_', ' '):<20} {value}")
