"""Letters for tests, with defaults for everything a test does not care about."""

from typing import Any

from messaging_pipeline.fallback.letters import Letter

RECIPIENT = "ann@example.com"
SENDER = "alerts@shop.example"


def a_letter(**changes: Any) -> Letter:
    """Return a letter to Ann."""
    values = {"to": RECIPIENT, "subject": "Your table", "text": "It is ready.", "token": "0197-1", **changes}
    return Letter(**values)
