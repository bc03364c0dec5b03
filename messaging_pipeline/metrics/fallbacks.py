"""What happens when a message has failed."""

from messaging_pipeline.metrics.catalogue import counter

_fallback_steps = counter(
    "messaging_fallback_steps_total", "Fallback steps by channel and state.", ["channel", "state"]
)


def record_fallback_step(channel: str, state: str) -> None:
    """Count a fallback step that reached a state."""
    _fallback_steps.labels(channel, state).inc()
