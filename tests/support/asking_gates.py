"""Makes questions for the gates, with defaults for everything a test does not care about."""

from datetime import datetime
from typing import Any

from messaging_pipeline.gates.question import Question
from messaging_pipeline.ids import E164
from messaging_pipeline.policies.compliance import QuietHours, Registration

NEW_YORKER = E164("+12125550123")


def quiet_hours(**changes: Any) -> QuietHours:
    """Return quiet hours from 21:00 to 08:00; ``from`` and ``to`` are spelled ``begin`` and ``end``."""
    return QuietHours(**changes)


def a_question(at: str = "2026-11-23T15:00:00+00:00", **changes: Any) -> Question:
    """Return a question about a message to a New Yorker, at a time in ISO 8601."""
    values = {
        "to": NEW_YORKER,
        "sender": None,
        "tags": {},
        "registration": Registration(),
        "quiet_hours": None,
        **changes,
    }
    return Question(at=datetime.fromisoformat(at), **values)
