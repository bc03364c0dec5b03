"""Fallback plans as a command takes them: ``--fallback JSON``, or an e-mail address for short."""

import json
from collections.abc import Callable
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])


def plan_options(command: Command) -> Command:
    """Give a command ``--fallback`` and ``--fallback-email``; see :func:`plan_of`."""
    email = click.option("--fallback-email", help="Who gets the text by e-mail if the message fails.")
    plan = click.option(
        "--fallback",
        metavar="JSON",
        callback=_parsed,
        help='What to do if it fails, step by step, such as [{"channel": "push", "to": "TOKEN"}].',
    )
    return plan(email(command))


def plan_of(fallback: list[Any] | None, fallback_email: str | None) -> dict[str, Any]:
    """Return the arguments of a send that the two options make; raises UsageError when both are given."""
    if fallback is not None and fallback_email:
        raise click.UsageError("give either --fallback or --fallback-email; a step of the plan may be an e-mail")
    if fallback_email:
        return {"fallback": [{"channel": "email", "to": fallback_email}]}
    return {} if fallback is None else {"fallback": fallback}


def _parsed(_: click.Context, __: click.Parameter, text: str | None) -> list[Any] | None:
    if text is None:
        return None
    try:
        plan = json.loads(text)
    except json.JSONDecodeError as error:
        raise click.BadParameter(f"is not JSON ({error.msg})") from None
    if not isinstance(plan, list):
        raise click.BadParameter("is not a list of steps; put it into [ ]")
    return plan
