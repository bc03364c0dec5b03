"""Commands about consent: what was ever said about a number."""

import click

from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.consent.opt_outs import consent_history, list_opt_outs
from messaging_pipeline.messages.phone_numbers import masked, parse_e164


@click.group()
def consent() -> None:
    """What people have said about being written to."""


@consent.command()
@click.argument("number")
@click.option("--tenant", help="Whose recipient it is.", default="default", show_default=True)
@json_option
def history(number: str, tenant: str, json_wanted: bool) -> None:
    """Show every line of the ledger about a NUMBER, oldest first, and what follows from them."""
    parsed = parse_e164(number, "NUMBER")
    with command_runtime() as runtime, runtime.pool.connection() as connection:
        lines = consent_history(connection, tenant, parsed)
        opted_out = [
            {"scope": one["scope"], "since": one["since"]} for one in list_opt_outs(connection, tenant, number=parsed)
        ]
    if json_wanted:
        print_json({"tenant": tenant, "number": parsed, "opted_out": opted_out, "events": lines})
        return
    scopes = ", ".join(sorted(one["scope"] for one in opted_out))
    click.echo(f"{masked(parsed)}  {f'opted out: {scopes}' if scopes else 'not opted out'}")
    print_table(
        ("AT", "CHANGE", "SCOPE", "SOURCE", "ERROR", "SID", "MESSAGE", "NOTE"),
        [
            (
                f"{line['at']:%Y-%m-%d %H:%M:%S}",
                *(line[name] for name in ("change", "scope", "source", "error_code", "sid", "message_id", "note")),
            )
            for line in lines
        ],
    )
