"""What becomes of messages: statuses, reports, and what the sweep put right."""

from messaging_pipeline.metrics.catalogue import counter, histogram

_statuses = counter("messaging_statuses_total", "Messages that reached a status.", ["service", "status"])
_time_to_status = histogram(
    "messaging_time_to_status_seconds",
    "From accept to a status.",
    ["service", "status"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200),
)
_reports = counter("messaging_reports_total", "Status reports by what they were to us.", ["kind"])
_deliveries = counter(
    "messaging_deliveries_total",
    "Messages that reached a status at which Twilio leaves them, by the number's country, and its carrier where known.",
    ["service", "country", "carrier", "status"],
)
_delivery_errors = counter(
    "messaging_delivery_errors_total",
    "Messages that Twilio refused or carriers did not deliver, by country, carrier where known, and Twilio's code.",
    ["service", "country", "carrier", "error_code"],
)
_report_lag = histogram(
    "messaging_report_lag_seconds",
    "From a callback's arrival at the webhook tier to its effect in the database.",
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800),
)
_swept = counter("messaging_swept_total", "What the sweep put right.", ["kind"])


def record_status(service: str, status: str, seconds_since_accept: float | None = None) -> None:
    """Count a message that reached a status, and how long that took from its acceptance."""
    _statuses.labels(service, status).inc()
    if seconds_since_accept is not None:
        _time_to_status.labels(service, status).observe(max(0.0, seconds_since_accept))


def record_delivery(service: str, country: str, carrier: str, status: str) -> None:
    """Count a message that was reported `delivered`, `read`, `undelivered`, `failed` or `suppressed`."""
    _deliveries.labels(service, country, carrier, status).inc()


def record_delivery_error(service: str, country: str, carrier: str, error_code: str) -> None:
    """Count a failure by Twilio's code, or by `other` for a code that our table does not hold."""
    _delivery_errors.labels(service, country, carrier, error_code).inc()


def record_report_lag(seconds: float) -> None:
    """Time how long a callback took from its arrival to its effect."""
    _report_lag.observe(max(0.0, seconds))


def record_report(kind: str, count: int = 1) -> None:
    """Count status reports: `new`, `repeated`, `unmatched`, `unknown_status`, `unknown_message` or `failed`."""
    if count:
        _reports.labels(kind).inc(count)


def record_swept(kind: str, count: int) -> None:
    """Count what the sweep put right: `woken`, `returned`, `unconfirmed`, `expired`, `matched`."""
    if count:
        _swept.labels(kind).inc(count)
