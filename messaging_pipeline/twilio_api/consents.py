"""Twilio's interface for consent in bulk (https://www.twilio.com/docs/messaging/features/bulk-upsert-consents-api)."""

from typing import Any

MOST_CONSENTS = 25
"""As many as Twilio takes in one call."""

SOURCES = frozenset({"website", "offline", "opt-in-message", "opt-out-message", "others"})


def codes_of(record: Any) -> dict[str, int]:
    """Return Twilio's code for each item by its correlation id, 0 for one that was taken.

    Raises what reading another answer raises.
    """
    return {str(item["correlation_id"]): int(item["error_code"]) for item in record.items}
