"""The runtime that a command uses, from the environment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from messaging_pipeline.runtime import Runtime, build_runtime
from messaging_pipeline.settings import Settings


@contextmanager
def command_runtime() -> Iterator[Runtime]:
    """Build a runtime for one command and close it; raises InvalidSettings."""
    runtime = build_runtime(Settings.from_environment(os.environ), name="messaging-pipeline-cli", connections=2)
    try:
        yield runtime
    finally:
        runtime.close()
