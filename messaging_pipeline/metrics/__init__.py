"""What others may see of this process, and of the state that all share: counted and shown nowhere else.

No number and no message id is ever a label.
"""

from messaging_pipeline.metrics.accepting import record_accepted, record_gate, record_lost_wake_up, record_rejected
from messaging_pipeline.metrics.fallbacks import record_fallback_step
from messaging_pipeline.metrics.following import (
    record_delivery,
    record_delivery_error,
    record_report,
    record_report_lag,
    record_status,
    record_swept,
)
from messaging_pipeline.metrics.forgetting import record_forgotten, record_redaction
from messaging_pipeline.metrics.inbound import (
    record_answer,
    record_flagged,
    record_inbound,
    record_inbound_media,
    record_keyword,
    record_keyword_call,
    record_ticket_entry,
)
from messaging_pipeline.metrics.notices import record_notice
from messaging_pipeline.metrics.recipients import record_invalid_number, record_opt_out, record_verification
from messaging_pipeline.metrics.reconciling import record_reconcile_finding, record_reconcile_request
from messaging_pipeline.metrics.sending import (
    record_attempt,
    record_cost,
    record_lookup,
    record_media_check,
    record_mms_link,
    record_service_held,
    record_slow_down,
    record_taken,
)
from messaging_pipeline.metrics.serving import serve_metrics
from messaging_pipeline.metrics.tasks import record_task_failure, record_task_postponed
from messaging_pipeline.metrics.webhooks import record_callback, record_refused_signature, record_signature

__all__ = [
    "record_accepted",
    "record_answer",
    "record_attempt",
    "record_callback",
    "record_cost",
    "record_delivery",
    "record_delivery_error",
    "record_fallback_step",
    "record_flagged",
    "record_forgotten",
    "record_gate",
    "record_inbound",
    "record_inbound_media",
    "record_invalid_number",
    "record_keyword",
    "record_keyword_call",
    "record_lookup",
    "record_lost_wake_up",
    "record_media_check",
    "record_mms_link",
    "record_notice",
    "record_opt_out",
    "record_reconcile_finding",
    "record_reconcile_request",
    "record_redaction",
    "record_refused_signature",
    "record_rejected",
    "record_report",
    "record_report_lag",
    "record_service_held",
    "record_signature",
    "record_slow_down",
    "record_status",
    "record_swept",
    "record_taken",
    "record_task_failure",
    "record_task_postponed",
    "record_ticket_entry",
    "record_verification",
    "serve_metrics",
]
