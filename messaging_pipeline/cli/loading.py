"""A group of commands that loads each of them when it is asked for: what a command needs takes a moment to load."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click
from typing_extensions import override


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
