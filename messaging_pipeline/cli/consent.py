"""Commands about consent: what was ever said about a number, and the whole ledger in and out."""

import csv
import sys
import threading
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import click

from messaging_pipeline.cli.output import REFUSED, json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime, listing_runtime
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consent.file import FileOfConsent, read_consent_file
from messaging_pipeline.consent.ledger import ALL_SERVICES
from messaging_pipeline.consent.opt_outs import list_opt_outs
from messaging_pipeline.consent.pushing import Pushing
from messaging_pipeline.consent.reading import consent_history, whole_ledger
from messaging_pipeline.consent.scopes import require_scope
from messaging_pipeline.consent.statements import Entered, enter_statements
from messaging_pipeline.consent.telling import FIELDS, parse_statement
from messaging_pipeline.consent.terms import ALL_TENANTS
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.keywords.reach import reach_of
from messaging_pipeline.messages.phone_numbers import masked, parse_e164
from messaging_pipeline.twilio_api.remote_messages import Missing, NotPossible, NotTold, Throttled, Unreachable

_EXPORTED = (*FIELDS, "error_code", "message_id", "added_at", "outdated")
_MOST_WRONG_SHOWN = 20
_SHARED = "all that share"

_tenant = click.option("--tenant", help="Whose recipient it is.", default="default", show_default=True)


@click.group()
def consent() -> None:
    """What people have said about being written to."""


@consent.command()
@click.argument("number")
@_tenant
@json_option
def history(number: str, tenant: str, json_wanted: bool) -> None:
    """Show every line of the ledger about a NUMBER, oldest first, and what follows from them."""
    parsed = parse_e164(number, "NUMBER")
    with command_runtime() as runtime, runtime.pool.connection() as connection:
        require_scope(runtime.configuration, ALL_SERVICES, tenant)
        lines = consent_history(connection, runtime.sealer, tenant, parsed)
        opted_out = [
            {"tenant": one["tenant"], "scope": one["scope"], "since": one["since"]}
            for whose in _whose_count(runtime.configuration, tenant)
            for one in list_opt_outs(connection, whose, number=parsed)
        ]
    if json_wanted:
        print_json({"tenant": tenant, "number": parsed, "opted_out": opted_out, "events": lines})
        return
    scopes = ", ".join(sorted(_SHARED if one["tenant"] == ALL_TENANTS else one["scope"] for one in opted_out))
    click.echo(f"{masked(parsed)}  {f'opted out: {scopes}' if scopes else 'not opted out'}")
    _print_lines(lines)


def _whose_count(configuration: Configuration, tenant: str) -> list[str]:
    """A tenant's own opt-outs, and the shared ones where one of its services heeds them."""
    own = [key for key, service in configuration.services.items() if service.tenant == tenant]
    shares = any(reach_of(configuration, tenant, key) == "global" for key in own)
    return [tenant, ALL_TENANTS] if shares else [tenant]


def _print_lines(lines: Iterable[Mapping[str, Any]]) -> None:
    shown = ("scope", "source", "error_code", "sid", "message_id", "proof", "note")
    print_table(
        ("AT", "CHANGE", "SCOPE", "SOURCE", "ERROR", "SID", "MESSAGE", "PROOF", "NOTE"),
        [
            (
                f"{line['at']:%Y-%m-%d %H:%M:%S}",
                f"{line['change']} (outdated)" if line["outdated"] else line["change"],
                *(line[name] for name in shown),
            )
            for line in lines
        ],
    )


@consent.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@_tenant
@json_option
def import_(file: Path, tenant: str, json_wanted: bool) -> None:
    """Enter a FILE of statements into the ledger: CSV with a header, in UTF-8.

    Columns: number, service (a service, or * for all), change (granted or withdrawn), at (with its offset); and as you
    have them source, proof, ip, user_agent, sid, note. If one line is wrong, nothing is written. The same file again
    adds nothing.
    """
    with command_runtime() as runtime:
        require_scope(runtime.configuration, ALL_SERVICES, tenant)
        now = runtime.clock.now()
        require = partial(require_scope, runtime.configuration)
        parse = partial(parse_statement, tenant=tenant, source="import", now=now, require_scope=require)
        found = read_consent_file(file, parse)
        if found.wrong:
            _leave_with(found, json_wanted=json_wanted)
        entered = enter_statements(runtime.pool, runtime.sealer, found.statements, now)
    print_json(_as_json(entered)) if json_wanted else click.echo(_in_words(entered))


def _leave_with(found: FileOfConsent, *, json_wanted: bool) -> None:
    if json_wanted:
        print_json({"added": 0, "wrong": [{"line": one.line, "error": one.error} for one in found.wrong]})
    else:
        for one in found.wrong[:_MOST_WRONG_SHOWN]:
            click.echo(f"line {one.line}: {one.error}", err=True)
        click.echo(f"{len(found.wrong)} lines are wrong; nothing was written", err=True)
    raise SystemExit(REFUSED)


def _as_json(entered: Entered) -> dict[str, object]:
    return {
        "added": entered.added,
        "known": entered.known,
        "opted_out": len(entered.opted_out),
        "lifted": len(entered.lifted),
        "wrong": [],
    }


def _in_words(entered: Entered) -> str:
    return (
        f"{entered.added} lines added, {entered.known} known already; "
        f"{len(entered.opted_out)} opt-outs came into force, {len(entered.lifted)} were lifted"
    )


@consent.command("push-to-twilio")
@click.option("--service", help="Whose sender it is that people have said yes or no to.", required=True)
@_tenant
@json_option
def push_to_twilio(service: str, tenant: str, json_wanted: bool) -> None:
    """Tell Twilio's own list of consent what it has not been told yet about a service. Again sends only what is new."""
    with command_runtime() as runtime:
        found = runtime.configuration.service(service, tenant)
        sender = found.messaging_service_sid or found.from_number
        if sender is None:
            raise InvalidInput("--service", "has no sender", "give it a messaging_service_sid or a from_number")
        pushing = Pushing(runtime.pool, runtime.clock, threading.Event().wait)
        pushed = pushing.push(runtime.accounts.of(tenant), tenant, service, sender)
    refused = {str(code): count for code, count in sorted(pushed.refused.items())}
    if json_wanted:
        print_json({"taken": pushed.taken, "refused": refused, "stopped": pushed.stopped is not None})
    else:
        click.echo(f"{pushed.taken} taken, {sum(refused.values())} refused {refused or ''}".rstrip())
    if pushed.stopped is not None:
        click.echo(f"Twilio took no more: {_why(pushed.stopped)}; run this again later", err=True)
    if pushed.stopped is not None or refused:
        raise SystemExit(REFUSED)


def _why(answer: Missing | NotPossible | NotTold) -> str:
    match answer:
        case Unreachable():
            return answer.explanation
        case Throttled():
            return "it has too many requests of this account"
        case Missing():
            return "it has no list of consent for this account"
    return f"it refuses this account ({answer.code}, HTTP {answer.http_status})"


@consent.command()
@_tenant
@json_option
def export(tenant: str, json_wanted: bool) -> None:
    """Write the whole ledger to standard output as CSV with a header, numbers and proofs in full; import reads it."""
    with listing_runtime() as runtime, runtime.pool.connection() as connection:
        require_scope(runtime.configuration, ALL_SERVICES, tenant)
        found = ({**line, "service": line["scope"]} for line in whole_ledger(connection, runtime.sealer, tenant))
        if json_wanted:
            print_json([{name: line[name] for name in _EXPORTED} for line in found])
        else:
            _write_csv(found)


def _write_csv(found: Iterable[Mapping[str, Any]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(_EXPORTED)
    for line in found:
        writer.writerow([_cell(line[name]) for name in _EXPORTED])


def _cell(value: Any) -> object:
    """A line break in a note is always a line feed: the csv module puts only that between quotes."""
    if isinstance(value, str):
        return value.replace("\r\n", "\n").replace("\r", "\n")
    return value.isoformat() if hasattr(value, "isoformat") else value
