"""Commands about redactions: what became of texts that have to go from Twilio, and asking for them once more."""

from typing import Any

import click

from messaging_pipeline.cli.output import REFUSED, json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.cli.tenants import refuse_undeclared
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.redaction.ledger import STATES, list_redactions, retry_failed

_tenant = click.option("--tenant", help="Whose messages.", default="default", show_default=True)
_EITHER = "give the SIDs of messages, or --all and none"


@click.group()
def redactions() -> None:
    """Texts and files that have to go from Twilio."""


@redactions.command("list")
@_tenant
@click.option("--state", type=click.Choice(STATES), help="Only those that stand there.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, json_wanted: bool, **options: Any) -> None:
    """List redactions, newest first."""
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        found = list_redactions(connection, tenant, **options)
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("OWED", "SID", "STATE", "ATTEMPTS", "EXPLANATION"),
        [
            (
                f"{one['created_at']:%Y-%m-%d %H:%M:%S}",
                *(one[name] for name in ("sid", "state", "attempts", "explanation")),
            )
            for one in found
        ],
    )


@redactions.command()
@click.argument("sids", nargs=-1)
@click.option("--all", "all_of_them", is_flag=True, help="Everything that has failed.")
@_tenant
@json_option
def retry(sids: tuple[str, ...], all_of_them: bool, tenant: str, json_wanted: bool) -> None:
    """Ask Twilio anew, as often as the first time, for what has failed.

    A worker asks within a minute. Leaves with 1 if a message that was named has not failed.
    """
    if bool(sids) is all_of_them:
        raise click.UsageError(_EITHER)
    with command_runtime() as runtime:
        _require_redacting(runtime.configuration, tenant)
        now, wanted = runtime.clock.now(), None if all_of_them else sids
        owed = in_transaction(runtime.pool, lambda connection: retry_failed(connection, tenant, wanted, now))
    if json_wanted:
        print_json({"retried": owed})
    else:
        click.echo(f"{owed} retried")
    if owed < len(set(sids)):
        raise SystemExit(REFUSED)


def _require_redacting(configuration: Configuration, tenant: str) -> None:
    """No worker would ever ask for a tenant that does not want it any more."""
    refuse_undeclared(tenant, configuration)
    known = configuration.tenants.get(tenant)
    if known is None or known.retention is None or known.retention.redact_at_twilio == "never":
        raise InvalidInput("--tenant", "has nothing redacted at Twilio", "set redact_at_twilio in its retention")
