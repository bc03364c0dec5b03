"""A one-time code as a message: before all others, soon expired, and by no other way when it could not arrive."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.policies.compliance import INTENT_TAG

VALID_FOR = timedelta(minutes=10)
"""How long a code is worth sending, unless the caller says otherwise."""

_INTENT = "otp"
_LONGEST_VALID = timedelta(days=1)


def code_message(  # noqa: PLR0913 - what is left of the arguments of a message
    *,
    to: str,
    body: str,
    now: datetime,
    valid_for: timedelta = VALID_FOR,
    service: str = "default",
    tenant: str = "default",
    idempotency_key: str | None = None,
    fallback: Sequence[Mapping[str, Any]] = (),
    tags: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return the arguments of the ``messaging.send`` for a text with a code in it; the code is the caller's making.

    A service's own fallback plan does not hold: it would bring the code by another way when it is worth nothing any
    more. Raises InvalidInput for a validity of nothing, or of more than a day.
    """
    if not timedelta() < valid_for <= _LONGEST_VALID:
        raise InvalidInput("valid_for", "is not more than nothing and at most a day", "ten minutes are usual")
    return {
        "to": to,
        "body": body,
        "service": service,
        "tenant": tenant,
        "idempotency_key": idempotency_key,
        "priority": "high",
        "expires_at": now + valid_for,
        "fallback": [dict(step) for step in fallback],
        "tags": {**(tags or {}), INTENT_TAG: _INTENT},
    }
