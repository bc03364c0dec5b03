"""Commands about events for others: which were told, which nobody took, and telling them once more."""

from datetime import datetime
from typing import Any
from uuid import UUID

import click
from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.cli.output import REFUSED, json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.notices import overview
from messaging_pipeline.policies.events import refuse_unknown_policy
from messaging_pipeline.runtime import Runtime

_tenant = click.option("--tenant", help="Whose events.", default="default", show_default=True)
_ids = click.argument("ids", nargs=-1, type=click.UUID)
_EITHER = "give the ids of events, or --policy and none"


@click.group()
def notices() -> None:
    """Events that others are told: what became of messages, and what people wrote."""


@notices.command("list")
@_tenant
@click.option("--state", type=click.Choice(overview.STATES), help="Only those that stand there.")
@click.option("--policy", help="Only those of this policy in [events].")
@click.option("--about", help="Only those about this message: its id, or an inbound message's SID.")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, json_wanted: bool, **options: Any) -> None:
    """List events, newest first."""
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        found = overview.list_notices(connection, tenant, **options)
    if json_wanted:
        print_json(found)
        return
    print_table(
        ("ID", "AT", "POLICY", "ABOUT", "STATUS", "STATE", "ATTEMPTS", "EXPLANATION"),
        [
            (
                one["id"],
                f"{one['at']:%Y-%m-%d %H:%M:%S}",
                one["policy"],
                one["message_id"] or one["sid"],
                one["status"] or "received",
                *(one[name] for name in ("state", "attempts", "explanation")),
            )
            for one in found
        ],
    )


@notices.command()
@click.argument("notice_id", metavar="ID", type=click.UUID)
@_tenant
@json_option
def show(notice_id: UUID, tenant: str, json_wanted: bool) -> None:
    """Show one event."""
    with command_runtime() as runtime, runtime.pool.connection() as connection:
        found = overview.notice(connection, tenant, notice_id)
    if json_wanted:
        print_json(found)
        return
    for name, value in found.items():
        if value is not None:
            click.echo(f"{name:<11} {_cell(value)}")


def _cell(value: object) -> object:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else value


@notices.command()
@_ids
@click.option("--policy", help="All dead events of this policy.")
@_tenant
@json_option
def replay(ids: tuple[UUID, ...], policy: str | None, tenant: str, json_wanted: bool) -> None:
    """Have events told once more: those with these IDs, however they ended, or all dead ones of a policy."""
    _require_either(ids, policy)
    with command_runtime() as runtime:
        now = runtime.clock.now()

        def replayed(connection: Connection[TupleRow]) -> tuple[list[str], list[str]]:
            if policy is not None:
                return overview.replay_dead(connection, tenant, policy, now), []
            left = overview.left_alone(connection, tenant, ids, overview.NOT_REPLAYED)
            return overview.replay(connection, tenant, ids, now), left

        owed, left = in_transaction(runtime.pool, replayed)
        runtime.tellers.ring(set(owed))
        _report(len(owed), "replayed", left, json_wanted=json_wanted, asked=len(ids))
        _refuse_unknown(runtime, tenant, policy, len(owed))


@notices.command()
@_ids
@click.option("--policy", help="All dead events of this policy.")
@click.option("--waiting", is_flag=True, help="With --policy: those that wait as well.")
@_tenant
@json_option
def drop(ids: tuple[UUID, ...], policy: str | None, waiting: bool, tenant: str, json_wanted: bool) -> None:
    """Let events go that nobody is to be told any more."""
    _require_either(ids, policy)
    with command_runtime() as runtime:
        now = runtime.clock.now()

        def let_go(connection: Connection[TupleRow]) -> tuple[int, list[str]]:
            if policy is not None:
                return overview.drop_all(connection, tenant, policy, now, waiting=waiting), []
            left = overview.left_alone(connection, tenant, ids, overview.NOT_DROPPED)
            return overview.drop(connection, tenant, ids, now), left

        dropped, left = in_transaction(runtime.pool, let_go)
        _report(dropped, "dropped", left, json_wanted=json_wanted, asked=len(ids))
        _refuse_unknown(runtime, tenant, policy, dropped)


def _require_either(ids: tuple[UUID, ...], policy: str | None) -> None:
    if bool(ids) is (policy is not None):
        raise click.UsageError(_EITHER)


def _report(done: int, word: str, left: list[str], *, asked: int, json_wanted: bool) -> None:
    """Say how many; an event that was named and could not be is a refusal, with its reason."""
    if json_wanted:
        print_json({word: done})
    else:
        click.echo(f"{done} {word}")
    for reason in left:
        click.echo(f"messaging-pipeline: {reason}", err=True)
    if done < asked:
        raise SystemExit(REFUSED)


def _refuse_unknown(runtime: Runtime, tenant: str, policy: str | None, done: int) -> None:
    """Raise InvalidInput for a policy that is not there; events of one that was there once may still be steered."""
    if policy is not None and not done:
        refuse_unknown_policy(runtime.configuration.events, tenant, policy, "--policy")
