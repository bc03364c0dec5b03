"""What is let go of, here and at Twilio."""

from messaging_pipeline.metrics.catalogue import counter

_forgotten = counter("messaging_forgotten_total", "What retention has let go of, by kind.", ["kind"])
_redactions = counter("messaging_redactions_total", "Messages that had to go from Twilio, by state.", ["state"])


def record_forgotten(kind: str, count: int) -> None:
    """Count what has gone, by kind: `content`, `number`, `inbound`, `ticket`...; a `history_month` is a whole month,
    a `message` its row."""
    if count:
        _forgotten.labels(kind).inc(count)


def record_redaction(state: str) -> None:
    """Count a message that has to go from Twilio: `done`, `waiting` (to be tried again) or `failed`."""
    _redactions.labels(state).inc()
