"""What Twilio posts to us: answers, and signatures that were believed or not."""

from messaging_pipeline.metrics.catalogue import counter, histogram

_callbacks = counter("messaging_callbacks_total", "Webhook requests by route and answer.", ["route", "answer"])
_callback_seconds = histogram(
    "messaging_callback_seconds",
    "How long the webhook tier took to answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
_signatures = counter(
    "messaging_signatures_total", "Signatures of webhooks that matched, by whose token it was.", ["tenant", "token"]
)
_signatures_refused = counter(
    "messaging_signatures_refused_total", "Webhooks that were not believed, by why.", ["reason"]
)


def record_callback(route: str, answer: str, seconds: float) -> None:
    """Count a webhook request: `taken`, `bad_signature`, `malformed`, `too_large`, `broker_away`, `not_found`,
    `wrong_method` or `other`.
    """
    _callbacks.labels(route, answer).inc()
    _callback_seconds.labels(route).observe(seconds)


def record_signature(tenant: str, token: str) -> None:
    """Count a webhook that a tenant's `primary` or `secondary` token has signed."""
    _signatures.labels(tenant, token).inc()


def record_refused_signature(reason: str) -> None:
    """Count a webhook that was refused: `no_signature`, `wrong_signature`, `unproven_body`, `unknown_account` or
    `foreign_account`.
    """
    _signatures_refused.labels(reason).inc()
