"""The command that hands over a file of messages, and says of each line whether it is new, was there, or is refused."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from messaging_pipeline.accept.accept import Accepting, HandedOver
from messaging_pipeline.accept.recipients_file import Line, read_recipients
from messaging_pipeline.cli.output import REFUSED, json_option, print_json
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.configuration import DEFAULT_TENANT
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput

#: One mistake is often on every line of a file: that many of them tell what it is.
_REFUSALS_SHOWN = 20


@dataclass(slots=True)
class _Result:
    handed_over: list[HandedOver] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)

    @property
    def new(self) -> int:
        return sum(one.is_new for one in self.handed_over)

    @property
    def accepted_before(self) -> int:
        return len(self.handed_over) - self.new


@click.command("send-bulk")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--tenant", help="Whose messages they are; lines that name another tenant are refused.")
@json_option
def send_bulk(file: Path, tenant: str | None, json_wanted: bool) -> None:
    """Hand over a FILE of messages: CSV with a header, or JSON Lines.

    The same file handed in twice sends nothing twice. Lines that are refused are listed; the others are accepted. In
    CSV a column tag.NAME is the tag NAME.
    """
    lines = _read(file)
    with command_runtime() as runtime:
        result = _hand_over(runtime.accepting, lines, tenant)
    _print_json(result) if json_wanted else _print(result)
    if result.refused:
        raise SystemExit(REFUSED)


def _read(file: Path) -> list[Line]:
    try:
        return read_recipients(file)
    except InvalidInput as error:
        raise InvalidInput(error.field, error.reason, f"{error.remedy}; nothing was accepted") from None


def _hand_over(accepting: Accepting, lines: Sequence[Line], tenant: str | None) -> _Result:
    result = _Result()
    for line in lines:
        try:
            result.handed_over.append(accepting.hand_over(_as_said(line, tenant)))
        except (InvalidInput, IdempotencyConflict) as error:
            result.refused.append({"line": line.number, "error": str(error)})
    return result


def _as_said(line: Line, tenant: str | None) -> dict[str, Any]:
    """A file that somebody handed in for a tenant must not send in another's name."""
    named = line.arguments.get("tenant") or tenant
    if tenant is not None and named != tenant:
        raise InvalidInput("tenant", "is not the one of --tenant", "leave it out of the file")
    return {**line.arguments, "tenant": named or DEFAULT_TENANT}


def _print_json(result: _Result) -> None:
    print_json(
        {
            "accepted": [one.message_id for one in result.handed_over],
            "new": result.new,
            "accepted_before": result.accepted_before,
            "refused": result.refused,
        }
    )


def _print(result: _Result) -> None:
    for one in result.refused[:_REFUSALS_SHOWN]:
        click.echo(f"line {one['line']}: {one['error']}", err=True)
    if more := len(result.refused[_REFUSALS_SHOWN:]):
        click.echo(f"and {more:,} more", err=True)
    click.echo(f"{result.new:,} new, {result.accepted_before:,} accepted before, {len(result.refused):,} refused")
    if not result.handed_over:
        click.echo("Nothing was accepted.")
