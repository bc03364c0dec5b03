"""Commands about encryption keys: make one, seal everything anew with the newest, see which are still needed."""

from collections.abc import Iterable, Sequence
from typing import Any

import click
from cryptography.fernet import Fernet

from messaging_pipeline.cli.output import REFUSED, json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.resealing import Count, Resealing

_EVERY_VALUES = 10_000


@click.group()
def keys() -> None:
    """Encryption keys."""


@keys.command("new")
@json_option
def new_key(json_wanted: bool) -> None:
    """Print a new key for MESSAGING_ENCRYPTION_KEYS; put it first, and keep the old ones behind it."""
    key = Fernet.generate_key().decode()
    print_json({"key": key}) if json_wanted else click.echo(key)


@keys.command()
@json_option
def check(json_wanted: bool) -> None:
    """Count what each key has sealed: a key that has sealed nothing is not needed any more.

    Keys are shown by a name that says nothing of them, newest first. Leaves with 1 when there is something that no key
    opens.
    """
    with command_runtime() as runtime:
        names = runtime.sealer.key_names
        counts = _gone_through(Resealing(runtime.pool, runtime.sealer).check(), "read")
    print_json(_as_json(names, counts)) if json_wanted else _print_needed(names, counts)
    _leave_with_what_nobody_opens(counts)


@keys.command()
@json_option
def reseal(json_wanted: bool) -> None:
    """Seal everything anew that an older key has sealed, with the newest one.

    May run while everything goes on, be stopped at any time and started again. Leaves with 1 when there is something
    that no key opens; that stays as it is.
    """
    with command_runtime() as runtime:
        names = runtime.sealer.key_names
        counts = _gone_through(Resealing(runtime.pool, runtime.sealer).reseal(), "resealed")
    if json_wanted:
        print_json(_as_json(names, counts))
    else:
        print_table(
            ("SEALED", "READ", "RESEALED", "UNREADABLE"),
            [(one.shelf.name, one.read, one.resealed, one.unreadable) for one in counts],
        )
    _leave_with_what_nobody_opens(counts)


def _gone_through(counts: Iterable[Count], verb: str) -> list[Count]:
    """Follow the counts as they grow, and tell on standard error how far they are."""
    last: dict[str, Count] = {}
    told = 0
    for count in counts:
        last[count.shelf.column] = count
        if count.read - told >= _EVERY_VALUES or count.read < told:
            told = count.read
            done = count.resealed if verb == "resealed" else count.read
            click.echo(f"{count.shelf.name}: {done} {verb}", err=True)
    return list(last.values())


def _as_json(names: Sequence[str], counts: Sequence[Count]) -> list[dict[str, Any]]:
    return [
        {
            "column": one.shelf.column,
            "read": one.read,
            "resealed": one.resealed,
            "unreadable": one.unreadable,
            "by_key": dict(zip(names, one.by_key, strict=True)),
        }
        for one in counts
    ]


def _print_needed(names: Sequence[str], counts: Sequence[Count]) -> None:
    header = ("KEY", *(one.shelf.name.upper() for one in counts), "")
    table = [
        (
            name,
            *(one.by_key[position] for one in counts),
            _verdict(position, sum(one.by_key[position] for one in counts)),
        )
        for position, name in enumerate(names)
    ]
    nobody = ("(none)", *(one.unreadable for one in counts), "no key opens these")
    print_table(header, [*table, nobody] if any(one.unreadable for one in counts) else table)


def _verdict(position: int, values: int) -> str:
    if position == 0:
        return "seals what is new"
    return "needed; run `messaging-pipeline keys reseal`" if values else "not needed for what is stored"


def _leave_with_what_nobody_opens(counts: Sequence[Count]) -> None:
    if any(one.unreadable for one in counts):
        raise SystemExit(REFUSED)
