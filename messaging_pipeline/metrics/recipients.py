"""What is learnt about the people written to."""

from messaging_pipeline.metrics.catalogue import counter

_opt_outs = counter("messaging_opt_outs_total", "Opt-outs that came into force, by where we heard of them.", ["source"])
_numbers_invalid = counter("messaging_numbers_invalid_total", "Numbers that became invalid: unknown again and again.")
_verifications = counter(
    "messaging_verifications_total", "One-time codes with Twilio Verify by what was answered.", ["tenant", "answer"]
)


def record_opt_out(source: str) -> None:
    """Count an opt-out that came into force: `create`, `callback`, `reconcile` or `inbound`."""
    _opt_outs.labels(source).inc()


def record_invalid_number(count: int = 1) -> None:
    """Count numbers that became invalid."""
    if count:
        _numbers_invalid.inc(count)


def record_verification(tenant: str, answer: str) -> None:
    """Count a start (`pending`, `refused`, `not_sent`, `unconfirmed`) or a check (`approved`, `wrong`, `gone`)."""
    _verifications.labels(tenant, answer).inc()
