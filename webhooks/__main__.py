"""Serves the webhook tier with Granian: ``python -m webhooks`` listens on HOST and PORT."""

import os
import sys

from granian.constants import Interfaces
from granian.server import Server

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings
from webhooks.app import create_app

#: Requests spend their time waiting for the broker, in groups: as many may wait at once. More threads than the
#: interpreter lock can serve only lengthen the tail.
_BLOCKING_THREADS = 16


def main() -> int:
    """Serve until SIGTERM or SIGINT; wrong settings are one sentence and exit code 2."""
    try:
        settings = Settings.from_environment(os.environ)
        create_app(settings)
    except InvalidSettings as error:
        print(f"webhooks: {error}", file=sys.stderr)  # noqa: T201
        return 2
    server = Server(
        "webhooks.wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=_BLOCKING_THREADS,
        websockets=False,
        log_access=False,
    )
    server.serve()
    return 0


if __name__ == "__main__":
    sys.exit(main())
