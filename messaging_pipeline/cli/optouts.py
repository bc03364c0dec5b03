"""Commands about opt-outs: list them, add one, remove one, export all."""

import csv
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import click

from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.consent import by_hand
from messaging_pipeline.consent.ledger import ALL_SERVICES
from messaging_pipeline.consent.opt_outs import every_opt_out, list_opt_outs
from messaging_pipeline.consent.scopes import require_scope
from messaging_pipeline.messages.phone_numbers import masked, parse_e164

_EXPORTED = ("tenant", "scope", "number", "since", "source", "error_code", "note")

_Command = TypeVar("_Command", bound=Callable[..., Any])

_tenant = click.option("--tenant", help="Whose recipient it is.", default="default", show_default=True)


@click.group()
def optouts() -> None:
    """Who must not be written to."""


@optouts.command("list")
@_tenant
@click.option("--scope", help=f"Only this service's; `{ALL_SERVICES}` for opt-outs from all services.")
@click.option("--number", help="Only of this number (E.164).")
@click.option("--limit", type=click.IntRange(1, 1000), default=50, show_default=True)
@json_option
def list_(tenant: str, number: str | None, json_wanted: bool, **options: Any) -> None:
    """List opt-outs in force, newest first."""
    parsed = parse_e164(number, "--number") if number else None
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        require_scope(runtime.configuration, ALL_SERVICES, tenant)
        found = list_opt_outs(connection, tenant, number=parsed, **options)
    print_json(found) if json_wanted else _print_opt_outs(found)


def _print_opt_outs(found: Iterable[Mapping[str, Any]]) -> None:
    print_table(
        ("NUMBER", "SCOPE", "SINCE", "SOURCE", "ERROR", "NOTE"),
        [
            (
                masked(one["number"]),
                one["scope"],
                f"{one['since']:%Y-%m-%d %H:%M:%S}",
                one["source"],
                one["error_code"],
                one["note"],
            )
            for one in found
        ],
    )


def _by_hand(command: _Command) -> _Command:
    """Give a command a NUMBER and the options of what an operator says about it."""
    command = json_option(command)
    command = click.option("--note", help="Why; kept in the ledger.")(command)
    command = click.option("--all-services", is_flag=True, help="For all of the tenant's services.")(command)
    command = click.option("--scope", help="For this service.")(command)
    return click.argument("number")(_tenant(command))


@optouts.command()
@_by_hand
def add(number: str, tenant: str, scope: str | None, all_services: bool, note: str | None, json_wanted: bool) -> None:
    """Write to a NUMBER no more, for one service or all."""
    chosen, parsed = _chosen(scope, all_services), parse_e164(number, "NUMBER")
    with command_runtime() as runtime:
        require_scope(runtime.configuration, chosen, tenant)
        changed = by_hand.opt_out(runtime.pool, tenant, chosen, parsed, note, runtime.clock.now())
    if json_wanted:
        _print_changed(tenant, parsed, chosen, changed)
    else:
        click.echo("opted out" if changed.scopes else "was opted out already; noted")


@optouts.command()
@_by_hand
def remove(
    number: str, tenant: str, scope: str | None, all_services: bool, note: str | None, json_wanted: bool
) -> None:
    """Let a NUMBER be written to again.

    --scope lifts that service's opt-out; --all-services lifts every opt-out of the number. Twilio keeps a list of its
    own: what it blocks, it goes on refusing until the person sends START.
    """
    chosen, parsed = _chosen(scope, all_services), parse_e164(number, "NUMBER")
    with command_runtime() as runtime:
        require_scope(runtime.configuration, chosen, tenant)
        changed = by_hand.opt_in(runtime.pool, tenant, chosen, parsed, note, runtime.clock.now())
    if json_wanted:
        _print_changed(tenant, parsed, chosen, changed)
        return
    click.echo(f"lifted: {', '.join(changed.scopes)}" if changed.scopes else "was not opted out; noted")
    if changed.in_force:
        click.echo(f"still opted out: {', '.join(changed.in_force)}")


def _chosen(scope: str | None, all_services: bool) -> str:
    if (scope is None) is not all_services:
        raise click.UsageError("say either --scope SERVICE or --all-services")
    return ALL_SERVICES if scope is None else scope


def _print_changed(tenant: str, number: str, scope: str, changed: by_hand.Changed) -> None:
    print_json(
        {
            "tenant": tenant,
            "number": number,
            "scope": scope,
            "changed": list(changed.scopes),
            "opted_out": list(changed.in_force),
        }
    )


@optouts.command()
@_tenant
@json_option
def export(tenant: str, json_wanted: bool) -> None:
    """Write all opt-outs in force to standard output, as CSV with a header, numbers in full."""
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        require_scope(runtime.configuration, ALL_SERVICES, tenant)
        found = every_opt_out(connection, tenant)
        print_json(list(found)) if json_wanted else _write_csv(found)


def _write_csv(found: Iterable[Mapping[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_EXPORTED)
    for one in found:
        writer.writerow([one["since"].isoformat() if name == "since" else one[name] for name in _EXPORTED])
