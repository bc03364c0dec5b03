"""Options and arguments that several of these commands have."""

import re
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from messaging_pipeline.twilio_api import sids

Command = TypeVar("Command", bound=Callable[..., Any])

_WEB_ADDRESS = re.compile(r"https?://[^\s/?#]+\S*")


class Sid(click.ParamType[str]):
    """One of Twilio's ids, of one kind."""

    name = "sid"

    def __init__(self, shape: re.Pattern[str], example: str) -> None:
        self._shape = shape
        self._example = example

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what cannot be one."""
        if not self._shape.fullmatch(str(value)):
            self.fail(f"is not such a SID; it looks like {self._example}", param, ctx)
        return str(value)


class WebAddress(click.ParamType[str]):
    """An http or https URL; with ``may_be_empty`` an empty text too, which takes the present one away."""

    name = "url"

    def __init__(self, *, may_be_empty: bool = False) -> None:
        self._may_be_empty = may_be_empty

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Refuse what is none."""
        text = str(value)
        if not _WEB_ADDRESS.fullmatch(text) and not (self._may_be_empty and not text):
            self.fail("is not an http or https URL", param, ctx)
        return text


MESSAGE = Sid(sids.MESSAGE_SID, "SM or MM and 32 hexadecimal digits")
SERVICE = Sid(sids.SERVICE_SID, "MG and 32 hexadecimal digits")
APPLICATION = Sid(sids.APPLICATION_SID, "AP and 32 hexadecimal digits")
ADDRESS = WebAddress()
ADDRESS_OR_NONE = WebAddress(may_be_empty=True)
METHOD = click.Choice(["GET", "POST"], case_sensitive=False)


def tenant_option(command: Command) -> Command:
    """Give a command ``--tenant``: whose credentials it uses."""
    return click.option("--tenant", help="Whose account it is.", default="default", show_default=True)(command)


def limit_option(command: Command) -> Command:
    """Give a command ``--limit``."""
    kind = click.IntRange(1, 1000)
    return click.option("--limit", type=kind, default=50, show_default=True, help="At most so many.")(command)


def yes_option(command: Command) -> Command:
    """Give a command that destroys something ``--yes``."""
    return click.option("--yes", is_flag=True, help="Do not ask first.")(command)


def make_sure(question: str, *, yes: bool) -> None:
    """Ask somebody at a terminal; anything else has to say ``--yes``. Raises UsageError or Abort."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{question} Add --yes to do it without being asked.")
    click.confirm(question, abort=True, err=True)


def given(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that were given; one that was not is None."""
    return {name: value for name, value in options.items() if value is not None}


def some(changes: dict[str, Any]) -> dict[str, Any]:
    """Return the changes; raises UsageError when there are none."""
    if not changes:
        raise click.UsageError("nothing to change; name at least one setting, --help lists them")
    return changes
