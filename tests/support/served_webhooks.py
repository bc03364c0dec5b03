"""The webhook tier behind a real socket, in a thread: for who calls it from outside."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask
from werkzeug.serving import make_server

from tests.support.factories import settings
from webhooks.app import create_app
from webhooks.inbound import PUBLISHER

Proxy = Callable[[Callable[..., Any]], Callable[..., Any]]
"""What stands before the tier and makes something else of requests or answers."""


@contextmanager
def served_webhooks(proxy: Proxy = lambda app: app, **changes: str | None) -> Iterator[str]:
    """Serve the tier; its public addresses are the origin that is yielded, unless changed."""
    server = make_server("127.0.0.1", 0, Flask("to be replaced"), threaded=True)
    origin = f"http://127.0.0.1:{server.port}"
    app = create_app(settings(**{"TWILIO_STATUS_CALLBACK_PUBLIC_URL": f"{origin}/twilio/status", **changes}))
    server.app = proxy(app)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    serving.start()
    try:
        yield origin
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        app.extensions[PUBLISHER].close()
