"""Every metric and its labels; nothing is counted anywhere else. No number and no message id is ever a label."""

from collections.abc import Mapping

from prometheus_client import Counter, Gauge, Histogram, start_http_server

_accepted = Counter("messaging_accepted_total", "Messages written down.", ["service"])
_rejected = Counter("messaging_rejected_total", "Messages refused after they came by the broker.", ["field"])
_wake_ups_lost = Counter("messaging_wake_ups_lost_total", "Wake-ups left to the sweep because the broker was away.")
_service_sending = Gauge(
    "messaging_service_sending", "1 while a service sends, 0 while it is paused or held.", ["service"]
)
_services_held = Gauge(
    "messaging_services_held", "1 while a service is held because its account or sender is at fault.", ["service"]
)
_service_holds = Counter("messaging_service_holds_total", "Times a refusal has held a service.", ["service"])
_effective_rate = Gauge(
    "messaging_effective_segments_per_second", "The rate in force, lowered where limits were met.", ["service"]
)
_slow_downs = Counter("messaging_slow_downs_total", "Paces lowered, of a service or an account.", ["kind", "name"])
_attempts = Counter("messaging_attempts_total", "Create requests by what became of them.", ["service", "outcome"])
_attempt_seconds = Histogram(
    "messaging_attempt_seconds",
    "How long Twilio took to answer a create.",
    ["service"],
    buckets=(0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8),
)
_estimated_cost = Counter(
    "messaging_estimated_cost_total", "What was sent has cost, by the price list and in its currency.", ["service"]
)
_statuses = Counter("messaging_statuses_total", "Messages that reached a status.", ["service", "status"])
_time_to_status = Histogram(
    "messaging_time_to_status_seconds",
    "From accept to a status.",
    ["service", "status"],
    buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200, 43200),
)
_callbacks = Counter("messaging_callbacks_total", "Webhook requests by route and answer.", ["route", "answer"])
_callback_seconds = Histogram(
    "messaging_callback_seconds",
    "How long the webhook tier took to answer.",
    ["route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5),
)
_signatures = Counter(
    "messaging_signatures_total", "Signatures of webhooks that matched, by whose token it was.", ["tenant", "token"]
)
_signatures_refused = Counter(
    "messaging_signatures_refused_total", "Webhooks that were not believed, by why.", ["reason"]
)
_reports = Counter("messaging_reports_total", "Status reports by what they were to us.", ["kind"])
_swept = Counter("messaging_swept_total", "What the sweep put right.", ["kind"])
_gate_verdicts = Counter(
    "messaging_gate_verdicts_total", "Messages that a gate refused, put off or warned of.", ["gate", "outcome"]
)
_gate_waiting = Gauge("messaging_gate_waiting", "Messages that wait at a gate, as last counted.", ["service", "gate"])
_media_checks = Counter("messaging_media_checks_total", "Messages whose media were looked at.", ["service", "finding"])
_mms_links = Counter(
    "messaging_mms_links_total", "Media that could not arrive, by what came of their links.", ["service", "kind"]
)
_fallback_steps = Counter(
    "messaging_fallback_steps_total", "Fallback steps by channel and state.", ["channel", "state"]
)
_inbound = Counter("messaging_inbound_total", "Inbound messages; `repeated` ones were stored before.", ["kind"])
_keywords = Counter("messaging_keywords_total", "Keywords in inbound messages by what they ask for.", ["kind"])
_flagged = Counter("messaging_inbound_flagged_total", "Inbound messages for a person to look at, by why.", ["reason"])
_answers = Counter(
    "messaging_answers_total", "Answers to keywords; `looping` and `unguarded` ones were not given.", ["kind"]
)
_keyword_calls = Counter(
    "messaging_keyword_calls_total", "Calls of keywords' handlers by word and state.", ["word", "state"]
)
_ticket_entries = Counter(
    "messaging_ticket_entries_total", "Inbound messages for tickets by desk and state.", ["desk", "state"]
)
_inbound_media = Counter("messaging_inbound_media_total", "Files that people sent, by what became of them.", ["state"])
_opt_outs = Counter("messaging_opt_outs_total", "Opt-outs that came into force, by where we heard of them.", ["source"])
_numbers_invalid = Counter("messaging_numbers_invalid_total", "Numbers that became invalid: unknown again and again.")
_verifications = Counter(
    "messaging_verifications_total", "One-time codes with Twilio Verify by what was answered.", ["tenant", "answer"]
)
_forgotten = Counter("messaging_forgotten_total", "What retention has let go of, by kind.", ["kind"])
_redactions = Counter("messaging_redactions_total", "Messages that had to go from Twilio, by state.", ["state"])
_audit_violations = Gauge("messaging_audit_violations", "How often the last audit found each rule broken.", ["rule"])
_reconcile_requests = Counter("messaging_reconcile_requests_total", "Questions to Twilio by kind.", ["kind"])
_reconcile_findings = Counter("messaging_reconcile_findings_total", "What asking Twilio has found.", ["kind"])
_unconfirmed_overdue = Gauge(
    "messaging_unconfirmed_overdue", "Messages in doubt for longer than their service allows.", ["service"]
)
_task_failures = Counter("messaging_task_failures_total", "Tasks that ended in an error of ours.", ["task"])
_task_postponed = Counter("messaging_tasks_postponed_total", "Tasks given back while a server was away.", ["task"])


def serve_metrics(port: int, host: str) -> None:
    """Serve the metrics of this process on a port of their own, never on the public one."""
    start_http_server(port, addr=host)


def record_accepted(service: str, count: int) -> None:
    """Count messages that were written down."""
    _accepted.labels(service).inc(count)


def record_rejected(field: str) -> None:
    """Count a message that was refused, by the argument at fault."""
    _rejected.labels(field).inc()


def record_lost_wake_up() -> None:
    """Count a wake-up that nobody heard."""
    _wake_ups_lost.inc()


def record_standing(service: str, *, sending: bool, held: bool, segments_per_second: float) -> None:
    """Show how a service stands, as this process last read it."""
    _service_sending.labels(service).set(sending)
    _services_held.labels(service).set(held)
    _effective_rate.labels(service).set(segments_per_second)


def record_service_held(service: str) -> None:
    """Count a hold that was news."""
    _service_holds.labels(service).inc()


def record_slow_down(pace: str) -> None:
    """Count a pace that was lowered, by its name: `service:<key>` or `account:<tenant>`."""
    kind, _, name = pace.partition(":")
    _slow_downs.labels(kind, name).inc()


def record_attempt(service: str, outcome: str, seconds: float) -> None:
    """Count a create request and how long its answer took."""
    _attempts.labels(service, outcome).inc()
    _attempt_seconds.labels(service).observe(seconds)


def record_cost(service: str, cost: float) -> None:
    """Count what a message that was, or may have been, sent costs by the price list."""
    _estimated_cost.labels(service).inc(cost)


def record_status(service: str, status: str, seconds_since_accept: float | None = None) -> None:
    """Count a message that reached a status, and how long that took from its acceptance."""
    _statuses.labels(service, status).inc()
    if seconds_since_accept is not None:
        _time_to_status.labels(service, status).observe(max(0.0, seconds_since_accept))


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


def record_report(kind: str, count: int = 1) -> None:
    """Count status reports: `new`, `repeated`, `unmatched`, `unknown_status`, `unknown_message` or `failed`."""
    if count:
        _reports.labels(kind).inc(count)


def record_swept(kind: str, count: int) -> None:
    """Count what the sweep put right: `woken`, `returned`, `unconfirmed`, `expired`, `matched`."""
    if count:
        _swept.labels(kind).inc(count)


def record_gate(gate: str, outcome: str, count: int = 1) -> None:
    """Count messages that a gate let wait (`waits`), `refused` or, for their text, warned of (`warns`)."""
    _gate_verdicts.labels(gate, outcome).inc(count)


def record_waiting_at_gates(waiting: Mapping[tuple[str, str], int]) -> None:
    """Show how many messages of each service wait at each gate."""
    _gate_waiting.clear()
    for (service, gate), count in waiting.items():
        _gate_waiting.labels(service, gate).set(count)


def record_media_check(service: str, finding: str) -> None:
    """Count a message whose media were looked at: `fine`, `unfit` or `not_now`."""
    _media_checks.labels(service, finding).inc()


def record_mms_link(service: str, kind: str) -> None:
    """Count what came of an SMS with links: `sent`, `arrived`, `expired` or `refused`."""
    _mms_links.labels(service, kind).inc()


def record_fallback_step(channel: str, state: str) -> None:
    """Count a fallback step that reached a state."""
    _fallback_steps.labels(channel, state).inc()


def record_inbound(kind: str) -> None:
    """Count an inbound message: `stored` or `repeated`."""
    _inbound.labels(kind).inc()


def record_keyword(kind: str) -> None:
    """Count a keyword that was heard: `stop`, `start`, `help` or `custom`."""
    _keywords.labels(kind).inc()


def record_flagged(reason: str) -> None:
    """Count an inbound message that a person should look at."""
    _flagged.labels(reason).inc()


def record_answer(kind: str) -> None:
    """Count an answer by its keyword's kind, or one that was not given: `looping`, `unguarded`."""
    _answers.labels(kind).inc()


def record_keyword_call(word: str, state: str) -> None:
    """Count what came of a call: `handled`, `answered`, `unanswered`, `waiting` (it is made again) or `failed`."""
    _keyword_calls.labels(word, state).inc()


def record_ticket_entry(desk: str, state: str) -> None:
    """Count an inbound message for a ticket: `taken`, `waiting`, `refused`, `unconfirmed` or `failed`."""
    _ticket_entries.labels(desk, state).inc()


def record_inbound_media(state: str) -> None:
    """Count a file that somebody sent: `copied`, `waiting`, `refused`, `failed` or `erased`."""
    _inbound_media.labels(state).inc()


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


def record_forgotten(kind: str, count: int) -> None:
    """Count what has gone, by kind: `content`, `number`, `inbound`, `inbound_number`, `number_health`, `ticket`..."""
    if count:
        _forgotten.labels(kind).inc(count)


def record_redaction(state: str) -> None:
    """Count a message that has to go from Twilio: `done`, `waiting` (to be tried again) or `failed`."""
    _redactions.labels(state).inc()


def record_audit(rule: str, violations: int) -> None:
    """Show how often an audit found a rule broken."""
    _audit_violations.labels(rule).set(violations)


def record_task_failure(task: str) -> None:
    """Count a task that ended in an error that is ours to mend."""
    _task_failures.labels(task).inc()


def record_task_postponed(task: str) -> None:
    """Count a task that was given back to the broker because a server is away."""
    _task_postponed.labels(task).inc()


def record_reconcile_request(kind: str) -> None:
    """Count a question to Twilio: `fetch`, `list`, `search` or `media`."""
    _reconcile_requests.labels(kind).inc()


def record_reconcile_finding(kind: str, count: int) -> None:
    """Count what reconciliation found."""
    _reconcile_findings.labels(kind).inc(count)


def record_unconfirmed_overdue(service: str, count: int) -> None:
    """Say how many messages of a service are in doubt for too long."""
    _unconfirmed_overdue.labels(service).set(count)
