"""Mistakes in the words of who typed a command: fields by their options, and commands and options that are none."""

from collections.abc import Collection, Sequence

import click

from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from messaging_pipeline.validation.near_misses import near_miss

#: A command's name is short: two letters in the wrong order are a quarter of it.
_A_SLIP_IN_A_COMMAND = 0.6


def command_typed(group: click.Group, ctx: click.Context, words: Sequence[str]) -> click.Command:
    """Return the command that these words name, however deep in groups it is."""
    command: click.Command = group
    for word in words:
        below = command.get_command(ctx, word) if isinstance(command, click.Group) else None
        if below is None:
            break
        command = below
    return command


def in_options(
    error: InvalidInput | IdempotencyConflict, command: click.Command, words: Sequence[str]
) -> InvalidInput | IdempotencyConflict:
    """Return the error with its field and, where that is another word, the option: ``from_ (--from)``."""
    name, _, place = error.field.partition(".")
    options = {one.name: max(one.opts, key=len) for one in command.params if isinstance(one, click.Option)}
    if name not in options:
        return error
    option = options[name]
    if option == "--fallback" and not any(word.partition("=")[0] == option for word in words):
        option, place = "--fallback-email", ""
    if option == f"--{error.field}":
        return error
    field = f"{error.field} ({f'{option} {int(place) + 1 if place.isdecimal() else place}'.strip()})"
    if isinstance(error, IdempotencyConflict):
        return IdempotencyConflict(field, error.first)
    return InvalidInput(field, error.reason, error.remedy)


def no_such_command(name: str, known: Collection[str], ctx: click.Context) -> click.UsageError:
    """Say which command was probably meant, or else which there are."""
    meant = near_miss(name, known, _A_SLIP_IN_A_COMMAND)
    cure = f"Did you mean '{meant}'?" if meant else f"The commands are: {', '.join(sorted(known))}."
    return click.UsageError(f"No such command '{name}'. {cure}", ctx)


def no_such_option(error: click.NoSuchOption) -> click.UsageError:
    """Say of an option that is the name of an argument where that one stands."""
    if error.ctx is None:
        return error
    arguments = [one.name for one in error.ctx.command.params if isinstance(one, click.Argument) and one.name]
    if error.option_name.lstrip("-") not in arguments:
        return error
    usage = f"{error.ctx.command_path} {' '.join(arguments).upper()}"
    name = error.option_name.lstrip("-").upper()
    return click.UsageError(f"{error.message} {name} is written without an option: {usage}", error.ctx)
