"""Tags as a command takes them: ``--tag NAME=VALUE``, as often as needed."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def tag_option(command: Command) -> Command:
    """Give a command ``--tag``; it gets a dictionary ``tags``."""
    return click.option(
        "--tag",
        "tags",
        multiple=True,
        metavar="NAME=VALUE",
        callback=parsed,
        help="A word about the message, such as intent=otp or time_zone=America/Denver; may be repeated.",
    )(command)


def parsed(_: click.Context, __: click.Parameter, pairs: tuple[str, ...]) -> dict[str, str]:
    """Return what was given as a dictionary; raises BadParameter for what has no ``=``."""
    if any("=" not in pair for pair in pairs):
        raise click.BadParameter("is not of the form NAME=VALUE")
    return {name: value for name, _, value in (pair.partition("=") for pair in pairs)}
