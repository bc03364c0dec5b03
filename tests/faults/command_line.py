"""Runs ``messaging-pipeline`` as an operator would: another process, an exit code, words to read."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

_TIMEOUT_SECONDS = 90


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command left behind."""

    exit_code: int
    words: str


def run(environment: Mapping[str, str], *arguments: str) -> Answer:
    """Run a command to its end; one that hangs has failed."""
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "messaging_pipeline.cli.main", *arguments],
            env=dict(environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=_TIMEOUT_SECONDS,
        )
    except subprocess.TimeoutExpired:
        return Answer(-1, f"did not end within {_TIMEOUT_SECONDS} s")
    return Answer(ended.returncode, ended.stdout)
