"""What asking Twilio costs, and what it finds."""

from messaging_pipeline.metrics.catalogue import counter

_reconcile_requests = counter("messaging_reconcile_requests_total", "Questions to Twilio by kind.", ["kind"])
_reconcile_findings = counter("messaging_reconcile_findings_total", "What asking Twilio has found.", ["kind"])


def record_reconcile_request(kind: str) -> None:
    """Count a question to Twilio: `fetch`, `list`, `search` or `media`."""
    _reconcile_requests.labels(kind).inc()


def record_reconcile_finding(kind: str, count: int) -> None:
    """Count what reconciliation found."""
    _reconcile_findings.labels(kind).inc(count)
