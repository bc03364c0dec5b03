"""The whole pipeline as real processes: one stack for a session's acceptance tests."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline import NotFound, Pipeline, Settings
from messaging_pipeline.stack.local import LocalStack, local_stack
from tests.plugins.services import NewDatabase

_CONFIG = """
[services.default]
messaging_service_sid = "MG00000000000000000000000000000001"
segments_per_second = 200
undelivered_retries = 1
undelivered_retry_seconds = 0.5

[services.slow]
messaging_service_sid = "MG00000000000000000000000000000002"
segments_per_second = 2
burst_segments = 1
"""
_OURS = ("TWILIO_", "SMTP_URL", "SENDGRID_", "FALLBACK_", "MESSAGING_", "PORT")


@pytest.fixture(scope="session")
def stack(new_database: NewDatabase, second_redis: str | None) -> Iterator[LocalStack]:
    """Simulator, webhooks, workers and beat, with a database and a Redis of their own."""
    given = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    given.pop("REDIS_URL", None)
    given.pop("CELERY_BROKER_URL", None)
    given["DATABASE_URL"] = new_database()
    if second_redis is not None:
        given["REDIS_URL"] = second_redis
    with tempfile.TemporaryDirectory(prefix="messaging-pipeline-acceptance-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        config = folder / "messaging.toml"
        config.write_text(_CONFIG)
        given["MESSAGING_CONFIG"] = str(config)
        given["MESSAGING_LEASE_SECONDS"] = "5"
        with local_stack(given, folder=folder / "local", simulator_arguments=("--speed", "10", "--seed", "1")) as it:
            yield it


Command = Callable[..., "subprocess.CompletedProcess[str]"]
LookUp = Callable[[str], dict[str, Any] | None]


@pytest.fixture
def command(stack: LocalStack) -> Command:
    """Run `messaging-pipeline` in another process, with the lines that `up` would print."""

    def run(*arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "messaging_pipeline.cli.main", *arguments],
            env={**stack.environment, **changes},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    return run


@pytest.fixture
def look_up(stack: LocalStack) -> Iterator[LookUp]:
    """Look a message up as `messages show` does, without a process of its own; None when there is none yet."""
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:

        def look(message_id: str) -> dict[str, Any] | None:
            try:
                return pipeline.show(message_id)
            except NotFound:
                return None

        yield look
