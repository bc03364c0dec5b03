"""Reads the body of a request, and no more of it than Twilio would ever send."""

from flask import Flask, request
from werkzeug.exceptions import RequestEntityTooLarge

#: Twilio's callbacks are a few hundred bytes, an inbound message with ten media a few thousand.
MAX_BODY_BYTES = 64 * 1024

#: Twilio's have a few dozen. A signature is verified over all of them, sorted, for each spelling of the address.
MOST_FIELDS = 1000


def limit_bodies(app: Flask) -> None:
    """Refuse a body whose announced length is too large, and read no more than one byte too many of any other."""
    app.config["MAX_CONTENT_LENGTH"] = MAX_BODY_BYTES + 1


def read_body() -> None:
    """Read the body of the current request; raises RequestEntityTooLarge.

    Werkzeug cuts a body that comes in chunks where the limit is, without a word. The byte beyond it tells.
    """
    body = request.get_data()
    if len(body) > MAX_BODY_BYTES or body.count(b"&") >= MOST_FIELDS:
        raise RequestEntityTooLarge
