"""Runs Granian: on a port that is ours alone, with a worker process that does not outlive its parent."""

import os
import signal
import socket
import threading
import time
from functools import partial
from importlib import import_module
from typing import Any

from granian.constants import Interfaces
from granian.server import Server

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings

#: Requests spend their time waiting for the broker, in groups: as many may wait at once. More threads than the
#: interpreter lock can serve only lengthen the tail.
_BLOCKING_THREADS = 16

#: How long requests in hand may hold up the end. Publishing to a broker that hangs takes six seconds; whoever takes
#: longer has not sent the whole request yet, and may never.
_LONGEST_END_SECONDS = 10

#: How long a predecessor may take to leave the port.
_PATIENCE_SECONDS = 3.0
_ASK_AGAIN_SECONDS = 0.1

_LOOK_FOR_PARENT_SECONDS = 1.0

#: Granian's own lines go to our handler, which masks them and gives them their form.
_LOGGED_AS_WE_DO: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {name: {"handlers": [], "propagate": True} for name in ("_granian", "granian.access")},
}


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    server = Server(
        "webhooks.wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=1,
        blocking_threads=_BLOCKING_THREADS,
        workers_kill_timeout=_LONGEST_END_SECONDS,
        websockets=False,
        log_access=False,
        log_dictconfig=_LOGGED_AS_WE_DO,
    )
    server.serve(target_loader=partial(_load, parent=os.getpid()))


def refuse_taken_ports(settings: Settings) -> None:
    """Raise InvalidSettings when somebody listens on a port of ours, and stays.

    On Linux Granian would share the port with another one of its kind, and callbacks would reach either. Its worker
    process, which opens the metrics port, would end and be started again and again.
    """
    ports = [("PORT", "HOST", settings.host, settings.port)]
    if settings.metrics_port:
        ports.append(("MESSAGING_METRICS_PORT", "MESSAGING_METRICS_HOST", settings.metrics_host, settings.metrics_port))
    deadline = time.monotonic() + _PATIENCE_SECONDS
    for setting, address, host, port in ports:
        while (obstacle := _obstacle(host, port)) is not None:
            if time.monotonic() > deadline:
                raise InvalidSettings(
                    setting,
                    f"nobody can listen on {host}:{port} ({obstacle})",
                    f"stop whoever does, or choose another {setting} or {address}",
                )
            time.sleep(_ASK_AGAIN_SECONDS)


def _obstacle(host: str, port: int) -> str | None:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        # As servers do: connections of a predecessor that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror
    return None


def _load(target: str, parent: int) -> Any:
    """Load the application inside Granian's worker process."""
    module, _, name = target.partition(":")
    app = getattr(import_module(module), name)
    threading.Thread(target=_leave_with, args=(parent,), name="parent-watch", daemon=True).start()
    return app


def _leave_with(parent: int) -> None:
    """End this process when its parent was killed: left alone, it would hold the port and serve on."""
    while os.getppid() == parent:
        time.sleep(_LOOK_FOR_PARENT_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
