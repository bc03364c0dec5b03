"""What others are told."""

from messaging_pipeline.metrics.catalogue import counter

_notices = counter("messaging_notices_total", "Events told to others, by what came of telling.", ["policy", "state"])


def record_notice(policy: str, state: str) -> None:
    """Count an event for others: `told`, `waiting` (to be told again) or `dead`."""
    _notices.labels(policy, state).inc()
