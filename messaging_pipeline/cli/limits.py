"""Commands about limits on money and countries: how they stand, and let go what they keep back."""

from collections import Counter
from dataclasses import replace
from functools import partial

import click

from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.meters import Held, release_held, standings
from messaging_pipeline.runtime import Runtime
from messaging_pipeline.spending.standing import with_limits

_tenant = click.option("--tenant", help="Whose limits they are.", default="default", show_default=True)
_BATCH_ROWS = 1_000


@click.group()
def limits() -> None:
    """Limits on what is spent and on how many messages go to a country."""


@limits.command("list")
@_tenant
@json_option
def list_(tenant: str, json_wanted: bool) -> None:
    """List what is used of each limit in the present hour, day and month of UTC."""
    with command_runtime() as runtime, runtime.pool.connection() as connection:
        standing = standings(connection, tenant, runtime.clock.now())
        found = with_limits(runtime.configuration, tenant, standing)
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("LIMIT", "USED", "OF", "UNTIL (UTC)"),
        [
            (one["meter"], f"{one['used'].normalize():f}", one["limit"] or "", f"{one['ends_at']:%Y-%m-%d %H:%M}")
            for one in found
        ],
    )


@limits.command("release")
@_tenant
@click.option("--service", help="Only what this service sends; else all of the tenant's.")
@json_option
def release(tenant: str, service: str | None, json_wanted: bool) -> None:
    """Make messages due now that a limit keeps back, as after it was raised. One without room waits again."""
    with command_runtime() as runtime:
        released = _release(runtime, tenant, service)
        for name in sorted(released):
            runtime.bell.ring(ServiceKey(name))
    if json_wanted:
        print_json({"tenant": tenant, "released": dict(released)})
    else:
        click.echo(f"released {sum(released.values())} message(s)")


def _release(runtime: Runtime, tenant: str, service: str | None) -> Counter[str]:
    """In batches, in the order of ids: what is kept back again meanwhile is not taken twice."""
    now, held, released = runtime.clock.now(), Held(_BATCH_ROWS), Counter[str]()
    while True:
        take = partial(release_held, tenant=tenant, service=service, held=held, now=now)
        batch = in_transaction(runtime.pool, take)
        released.update(name for _, name in batch)
        if len(batch) < held.limit:
            return released
        held = replace(held, after=batch[-1][0])
