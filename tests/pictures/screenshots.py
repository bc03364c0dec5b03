"""Takes the pictures of the command line, from a pipeline that it starts: ``python -m tests.pictures.screenshots``."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from messaging_pipeline import Pipeline, Settings
from messaging_pipeline.stack.local import LocalStack, local_stack
from tests.pictures.gallery import FOLDER
from tests.pictures.scenes import SCENES
from tests.pictures.terminal import Printed, terminal
from tests.support.waiting import eventually

_CONFIG = """
[services.alerts]
messaging_service_sid = "MG00000000000000000000000000000001"
segments_per_second = 30

[services.offers]
from_number = "+15005550006"
segments_per_second = 10
"""
_FOREIGN = (
    "TWILIO_",
    "SMTP_URL",
    "SENDGRID_",
    "FALLBACK_",
    "MESSAGING_",
    "PORT",
    "DATABASE_URL",
    "REDIS_URL",
    "CELERY_",
)


def main() -> None:
    """Start a pipeline, prepare what is to be seen, and take each picture."""
    with _pipeline() as stack:
        ids = _prepared(stack)
        for name, scene in SCENES.items():
            printed = [Printed(line.shown(ids), _run(stack, *line.arguments(ids))) for line in scene.lines]
            (FOLDER / name).write_text(
                terminal(scene.title, scene.description, printed, scene.columns), encoding="utf-8"
            )


@contextmanager
def _pipeline() -> Iterator[LocalStack]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    with tempfile.TemporaryDirectory(prefix="messaging-pipeline-pictures-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "messaging.toml").write_text(_CONFIG)
        ours = {"MESSAGING_CONFIG": str(folder / "messaging.toml"), "PORT": "0"}
        with local_stack(
            {**kept, **ours}, folder=folder / "local", simulator_arguments=("--speed", "10", "--seed", "1")
        ) as stack:
            yield stack


def _prepared(stack: LocalStack) -> Mapping[str, str]:
    """Send what the pictures are about, and return the ids by which they name it."""
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:

        def sent(to: str, service: str, until: str | None, **more: object) -> str:
            message_id = pipeline.send(to=to, body="Your table is ready.", service=service, **more)
            if until is not None:
                eventually(lambda: pipeline.show(message_id)["status"] == until, f"{to} {until}")
            return str(message_id)

        sent("+15005551001", "alerts", "delivered")
        sent("+15005551012", "alerts", "read")
        letter = [{"channel": "email", "to": "ada@example.com"}]
        landline = sent("+15005551004", "alerts", "undelivered", fallback=letter)
        eventually(lambda: pipeline.show(landline)["fallback"][0]["state"] == "sent", "the e-mail")
        _run(stack, "services", "pause", "offers")
        for _ in range(12):
            sent("+15005551001", "offers", None)
        sent("+15005551025", "alerts", "delivered")  # answered with 429 once
    return {"landline": landline}


def _run(stack: LocalStack, *arguments: str) -> str:
    """Run a command as a shell would, and return what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "messaging_pipeline.cli.main", *arguments],
        env=stack.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=60,
    )
    return done.stdout


if __name__ == "__main__":
    main()
