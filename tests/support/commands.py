"""Runs a command of `messaging-pipeline` in this process, as the entry point does, and keeps what it printed."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from click.testing import CliRunner

from messaging_pipeline.cli.main import cli
from messaging_pipeline.cli.output import exit_codes


@dataclass(frozen=True, slots=True)
class Finished:
    """How a command ended: its exit code and what it wrote to standard output and standard error."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[str]:
        return self.out.splitlines()


def run_command(environment: Mapping[str, str], *arguments: str) -> Finished:
    """Run a command with these variables and no other settings."""
    with CliRunner().isolation(env=dict(environment)) as (out, err, _):
        code = _left_with(arguments)
        sys.stdout.flush()
        return Finished(code, out.getvalue().decode(), err.getvalue().decode())


def _left_with(arguments: tuple[str, ...]) -> int:
    try:
        with exit_codes():
            cli.main(list(arguments), prog_name="messaging-pipeline", standalone_mode=True)
    except SystemExit as left:
        return int(left.code or 0)
    raise AssertionError("a command leaves with an exit code")
