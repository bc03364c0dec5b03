"""What beat starts, and how often."""

from typing import Any

from messaging_pipeline.queues import QUEUE_OF, Task

SWEEP_EVERY_SECONDS = 5.0
RECONCILE_EVERY_SECONDS = 60.0
AUDIT_EVERY_SECONDS = 3600.0
RETAIN_EVERY_SECONDS = 600.0
REDACT_EVERY_SECONDS = 60.0
MAKE_MONTHS_EVERY_SECONDS = 3600.0

BEAT: dict[str, dict[str, Any]] = {
    "sweep": {
        "task": Task.SWEEP.value,
        "schedule": SWEEP_EVERY_SECONDS,
        # A sweep that nobody took in time is superfluous: the next one does the same.
        "options": {"queue": QUEUE_OF[Task.SWEEP].value, "expires": SWEEP_EVERY_SECONDS},
    },
    "reconcile": {
        "task": Task.RECONCILE.value,
        "schedule": RECONCILE_EVERY_SECONDS,
        "options": {"queue": QUEUE_OF[Task.RECONCILE].value, "expires": RECONCILE_EVERY_SECONDS},
    },
    "audit": {
        "task": Task.AUDIT.value,
        "schedule": AUDIT_EVERY_SECONDS,
        "options": {"queue": QUEUE_OF[Task.AUDIT].value, "expires": AUDIT_EVERY_SECONDS},
    },
    "retain": {
        "task": Task.RETAIN.value,
        "schedule": RETAIN_EVERY_SECONDS,
        "options": {"queue": QUEUE_OF[Task.RETAIN].value, "expires": RETAIN_EVERY_SECONDS},
    },
    "redact": {
        "task": Task.REDACT.value,
        "schedule": REDACT_EVERY_SECONDS,
        "options": {"queue": QUEUE_OF[Task.REDACT].value, "expires": REDACT_EVERY_SECONDS},
    },
    "make_months": {
        "task": Task.MAKE_MONTHS.value,
        "schedule": MAKE_MONTHS_EVERY_SECONDS,
        "options": {"queue": QUEUE_OF[Task.MAKE_MONTHS].value, "expires": MAKE_MONTHS_EVERY_SECONDS},
    },
}
