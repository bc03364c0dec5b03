"""Lengths of time as people write them on a command line: ``7d``, ``12h``, ``30m``."""

import re
from datetime import timedelta
from typing import Any

import click

_WRITTEN = re.compile(r"([1-9][0-9]{0,4})([dhm])")
_UNITS = {"d": "days", "h": "hours", "m": "minutes"}


class Duration(click.ParamType[timedelta]):
    """A number of days, hours or minutes."""

    name = "duration"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        """Parse what was written."""
        if isinstance(value, timedelta):
            return value
        written = _WRITTEN.fullmatch(str(value))
        if written is None:
            self.fail("is not a length of time; write it as 7d, 12h or 30m", param, ctx)
        number, unit = written.groups()
        return timedelta(**{_UNITS[unit]: int(number)})
