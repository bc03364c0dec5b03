"""A group of commands that loads each of them when it is asked for: what a command needs takes a moment to load.

What goes wrong in one of them leaves the group in the words of who typed it.
"""

from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any

import click
from typing_extensions import override

from messaging_pipeline.cli.as_typed import command_typed, in_options, no_such_command, no_such_option
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput


class LoadingGroup(click.Group):
    """A group whose commands are named by where they stand, ``module:attribute``.

    To list them with what they do (``--help``) loads them all.
    """

    def __init__(self, *, places: Mapping[str, str], **options: Any) -> None:
        super().__init__(**options)
        self._places = places

    @override
    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands, loading none."""
        return sorted(self._places)

    @override
    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command; None if there is none of that name."""
        place = self._places.get(cmd_name)
        if place is None:
            return None
        module, attribute = place.split(":")
        command: click.Command = getattr(import_module(module), attribute)
        return command

    @override
    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep what was typed behind the group's name."""
        ctx.meta[_typed(ctx)] = tuple(args)
        return super().parse_args(ctx, args)

    @override
    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; raises UsageError naming the one that was probably meant."""
        if args and not args[0].startswith("-") and args[0] not in self._places:
            raise no_such_command(args[0], self._places, ctx)
        return super().resolve_command(ctx, args)

    @override
    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; an error names fields as they were typed."""
        try:
            return super().invoke(ctx)
        except click.NoSuchOption as error:
            raise no_such_option(error) from None
        except (InvalidInput, IdempotencyConflict) as error:
            words: Sequence[str] = ctx.meta[_typed(ctx)]
            raise in_options(error, command_typed(self, ctx, words), words) from None


def _typed(ctx: click.Context) -> str:
    """Under which name a context keeps it: groups in groups share one store."""
    return f"{__name__} {ctx.command_path}"
