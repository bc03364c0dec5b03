"""Serves the webhook tier with Granian: ``python -m webhooks`` listens on HOST and PORT."""

import os
import socket
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
        _refuse_taken_port(settings)
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


def _refuse_taken_port(settings: Settings) -> None:
    """Raise InvalidSettings when somebody listens there already.

    On Linux the server would share the port with another one of its kind, and callbacks would reach either.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError as error:
            raise InvalidSettings(
                "PORT",
                f"nobody can listen on {settings.host}:{settings.port} ({error.strerror})",
                "stop whoever does, or choose another PORT or HOST",
            ) from None


if __name__ == "__main__":
    sys.exit(main())
