"""What is handed over: accepted, refused, kept waiting by a gate."""

from messaging_pipeline.metrics.catalogue import counter

_accepted = counter("messaging_accepted_total", "Messages written down.", ["service"])
_rejected = counter("messaging_rejected_total", "Messages refused after they came by the broker.", ["field"])
_wake_ups_lost = counter("messaging_wake_ups_lost_total", "Wake-ups left to the sweep because the broker was away.")
_gate_verdicts = counter(
    "messaging_gate_verdicts_total", "Messages that a gate refused, put off or warned of.", ["gate", "outcome"]
)


def record_accepted(service: str, count: int) -> None:
    """Count messages that were written down."""
    _accepted.labels(service).inc(count)


def record_rejected(field: str) -> None:
    """Count a message that was refused, by the argument at fault."""
    _rejected.labels(field).inc()


def record_lost_wake_up() -> None:
    """Count a wake-up that nobody heard."""
    _wake_ups_lost.inc()


def record_gate(gate: str, outcome: str, count: int = 1) -> None:
    """Count messages that a gate let wait (`waits`), `refused` or, for their text, warned of (`warns`)."""
    _gate_verdicts.labels(gate, outcome).inc(count)
