"""Commands about the account: which ones the settings know, and whether Twilio knows this one."""

from dataclasses import asdict

import click

from messaging_pipeline.cli.at_twilio.answers import told
from messaging_pipeline.cli.at_twilio.connecting import account_of, known_tenants
from messaging_pipeline.cli.at_twilio.options import tenant_option
from messaging_pipeline.cli.output import json_option, print_json, print_table


@click.group()
def account() -> None:
    """The accounts that messages go out from, one for each tenant."""


@account.command("list")
@json_option
def list_(json_wanted: bool) -> None:
    """List the tenants and their accounts as the settings have them; Twilio is not asked."""
    found = [
        {"tenant": key, "account_sid": one.account_sid, "api_key": one.api_key}
        for key, one in sorted(known_tenants().items())
    ]
    if json_wanted:
        print_json(found)
    else:
        print_table(("TENANT", "ACCOUNT", "API KEY"), [tuple(one.values()) for one in found])


@account.command()
@tenant_option
@json_option
def fetch(tenant: str, json_wanted: bool) -> None:
    """Ask Twilio for the account: whether the credentials are good."""
    with account_of(tenant) as at_twilio:
        found = told(at_twilio, at_twilio.administration.account(), "account", f"of tenant {tenant}")
    if json_wanted:
        print_json({"tenant": tenant, **asdict(found)})
    elif found.is_untold:
        click.echo(f"{found.sid}  its API key opens it; only a main key may see more of it")
    else:
        click.echo(f"{found.sid}  {found.status}, {found.type}  {found.friendly_name}")
