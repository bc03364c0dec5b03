"""What leaves for Twilio: attempts, what they took and cost, paces that fell."""

from messaging_pipeline.metrics.catalogue import counter, histogram

_attempts = counter("messaging_attempts_total", "Create requests by what became of them.", ["service", "outcome"])
_attempt_seconds = histogram(
    "messaging_attempt_seconds",
    "How long Twilio took to answer a create.",
    ["service"],
    buckets=(0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8),
)
_time_to_twilio = histogram(
    "messaging_time_to_twilio_seconds",
    "From accept to the answer by which Twilio took the message.",
    ["service"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200),
)
_due_to_twilio = histogram(
    "messaging_due_to_twilio_seconds",
    "The same from when the message was due: for one that was to leave later, or had to wait at a gate.",
    ["service"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200),
)
_estimated_cost = counter(
    "messaging_estimated_cost_total", "What was sent has cost, by the price list and in its currency.", ["service"]
)
_service_holds = counter("messaging_service_holds_total", "Times a refusal has held a service.", ["service"])
_slow_downs = counter("messaging_slow_downs_total", "Paces lowered, of a service or an account.", ["kind", "name"])
_media_checks = counter("messaging_media_checks_total", "Messages whose media were looked at.", ["service", "finding"])
_lookups = counter("messaging_lookups_total", "Numbers that Twilio Lookup was asked about.", ["service", "answer"])
_mms_links = counter(
    "messaging_mms_links_total", "Media that could not arrive, by what came of their links.", ["service", "kind"]
)

_LOOKUP_ANSWERS = frozenset({"mobile", "landline", "invalid", "unanswered"})


def record_attempt(service: str, outcome: str, seconds: float) -> None:
    """Count a create request and how long its answer took."""
    _attempts.labels(service, outcome).inc()
    _attempt_seconds.labels(service).observe(seconds)


def record_taken(service: str, *, seconds_since_accept: float, seconds_since_due: float) -> None:
    """Time a message that Twilio has taken."""
    _time_to_twilio.labels(service).observe(max(0.0, seconds_since_accept))
    _due_to_twilio.labels(service).observe(max(0.0, seconds_since_due))


def record_cost(service: str, cost: float) -> None:
    """Count what a message that was, or may have been, sent costs by the price list."""
    _estimated_cost.labels(service).inc(cost)


def record_service_held(service: str) -> None:
    """Count a hold that was news."""
    _service_holds.labels(service).inc()


def record_slow_down(pace: str) -> None:
    """Count a pace that was lowered, by its name: `service:<key>` or `account:<tenant>`."""
    kind, _, name = pace.partition(":")
    _slow_downs.labels(kind, name).inc()


def record_media_check(service: str, finding: str) -> None:
    """Count a message whose media were looked at: `fine`, `unfit` or `not_now`."""
    _media_checks.labels(service, finding).inc()


def record_lookup(service: str, answer: str) -> None:
    """Count a look-up: `mobile`, `landline`, `invalid`, `other` (whatever else Twilio says) or `unanswered`."""
    _lookups.labels(service, answer if answer in _LOOKUP_ANSWERS else "other").inc()


def record_mms_link(service: str, kind: str) -> None:
    """Count what came of an SMS with links: `sent`, `arrived`, `expired` or `refused`."""
    _mms_links.labels(service, kind).inc()
