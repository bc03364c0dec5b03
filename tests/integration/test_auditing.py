"""The audit: whole lives break no rule, and each kind of damage is found and named."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import psycopg
import pytest

from messaging_pipeline.audit.auditing import NOTHING_WITHOUT_A_MESSAGE, RULES
from messaging_pipeline.audit.rule import MOST_LISTED, Finding
from messaging_pipeline.gauges.duties import AUDIT
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.gauges import gauge
from tests.support.written_lives import Writer, sid

SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))


def broken(findings: list[Finding]) -> dict[str, list[UUID]]:
    """The rules that are broken, and the messages that break them."""
    return {one.rule: [violation.message_id for violation in one.violations] for one in findings if one.found}


def audit(runtime: WorkerRuntime, tenant: str | None = None) -> dict[str, list[UUID]]:
    return broken(runtime.auditing.run(DAY, tenant))


Write = Callable[[Writer], UUID]


def sent_again_for_no_reason(writer: Writer) -> UUID:
    message_id = writer.sent_again(by=None)
    writer.events(message_id, ("pending", "sweep"))
    return message_id


def sent_again_while_in_doubt(writer: Writer) -> UUID:
    message_id = writer.doubtful(attempts=2)
    writer.attempt(message_id, 2, outcome="not_sent")
    return message_id


def sent_again_after_an_acceptance(writer: Writer) -> UUID:
    message_id = writer.queued(attempts=2)
    writer.attempt(message_id, 2, outcome="not_sent")
    return message_id


def forgotten_by_the_sweep(writer: Writer) -> UUID:
    return writer.held(writer.now - 6 * MINUTE)


def under_way_without_a_worker(writer: Writer) -> UUID:
    message_id = writer.message(attempts=1)
    writer.attempt(message_id, outcome="started", started_at=writer.now - 10 * MINUTE)
    return message_id


def two_under_way(writer: Writer) -> UUID:
    """What the unique index refuses, once somebody has dropped it."""
    message_id = writer.held(writer.now + MINUTE, attempts=2, live_from=2)
    writer.event(message_id, "pending", source="operator")
    writer.event(message_id, "claimed")
    writer.attempt(message_id, 2, outcome="started")
    return message_id


def sent_after_a_stop(writer: Writer, scope: str = "default") -> UUID:
    writer.consent("withdrawn", writer.now - HOUR, scope)
    return writer.queued()


def sent_after_a_stop_that_one_service_lifted(writer: Writer) -> UUID:
    writer.consent("withdrawn", writer.now - 2 * HOUR, "*")
    writer.consent("granted", writer.now - HOUR)
    return writer.queued()


def sent_before_a_grant(writer: Writer) -> UUID:
    writer.consent("withdrawn", writer.now - HOUR)
    writer.consent("granted", writer.now + HOUR)
    return writer.queued()


def pending_past_its_time(writer: Writer) -> UUID:
    return writer.message(expires_at=writer.now - 2 * MINUTE)


def due_in_a_year(writer: Writer) -> UUID:
    return writer.message(due_at=writer.now + 365 * DAY)


def waiting_for_a_part_that_has_left(writer: Writer) -> UUID:
    ahead = writer.reported("delivered", status_at=writer.now - HOUR)
    return writer.message(waits_for=ahead)


def waiting_for_nobody(writer: Writer) -> UUID:
    return writer.message(waits_for=UUID(int=7))


def claimed_for_ever(writer: Writer) -> UUID:
    message_id = writer.message(status="claimed", claim_id=UUID(int=1), lease_until=writer.now - 6 * MINUTE)
    writer.event(message_id, "claimed")
    return message_id


def never_asked_about(writer: Writer) -> UUID:
    return writer.queued(check_at=None)


def in_doubt_and_never_asked_about(writer: Writer) -> UUID:
    return writer.doubtful(check_at=None)


def asked_about_too_late(writer: Writer) -> UUID:
    return writer.queued(check_at=writer.now - 2 * HOUR)


def given_up_without_a_reason(writer: Writer) -> UUID:
    return writer.queued(check_at=None, given_up_at=writer.now)


def another_status(writer: Writer) -> UUID:
    message_id = writer.reported("delivered")
    writer.change(message_id, status="undelivered")
    return message_id


def another_sid(writer: Writer) -> UUID:
    message_id = writer.queued()
    writer.change(message_id, sid=sid(message_id, 7))
    return message_id


def an_attempt_too_few(writer: Writer) -> UUID:
    return writer.queued(attempts=2)


def an_attempt_too_many(writer: Writer) -> UUID:
    message_id = writer.message()
    writer.attempt(message_id, outcome="not_sent")
    return message_id


def an_attempt_left_out(writer: Writer) -> UUID:
    message_id = writer.message(attempts=1)
    writer.attempt(message_id, 2, outcome="not_sent")
    return message_id


def accepted_by_nobody(writer: Writer) -> UUID:
    message_id = writer.message()
    writer.forget("message_events", message_id)
    return message_id


def accepted_twice(writer: Writer) -> UUID:
    message_id = writer.message()
    writer.event(message_id, "pending", source="accept")
    return message_id


def fallen_back_for_nothing(writer: Writer) -> UUID:
    message_id = writer.reported("delivered")
    writer.fallback(message_id, "undelivered")
    return message_id


def history_without_a_message(writer: Writer) -> UUID:
    message_id = writer.message()
    writer.forget("messages", message_id)
    return message_id


def an_attempt_without_a_message(writer: Writer) -> UUID:
    message_id = history_without_a_message(writer)
    writer.attempt(message_id)
    writer.forget("message_events", message_id)
    return message_id


DAMAGES: list[tuple[Write, set[str]]] = [
    (sent_again_for_no_reason, {"sent_once", "status_is_proven"}),
    (sent_again_while_in_doubt, {"sent_once"}),
    (sent_again_after_an_acceptance, {"sent_once"}),
    (forgotten_by_the_sweep, {"one_request_under_way", "in_time"}),
    (under_way_without_a_worker, {"one_request_under_way"}),
    (sent_after_a_stop, {"silent_after_a_stop"}),
    (lambda writer: sent_after_a_stop(writer, "*"), {"silent_after_a_stop"}),
    (sent_after_a_stop_that_one_service_lifted, {"silent_after_a_stop"}),
    (sent_before_a_grant, {"silent_after_a_stop"}),
    (pending_past_its_time, {"in_time"}),
    (due_in_a_year, {"in_time"}),
    (waiting_for_a_part_that_has_left, {"in_time"}),
    (waiting_for_nobody, {"in_time"}),
    (claimed_for_ever, {"in_time"}),
    (never_asked_about, {"in_time"}),
    (in_doubt_and_never_asked_about, {"in_time"}),
    (asked_about_too_late, {"in_time"}),
    (given_up_without_a_reason, {"in_time"}),
    (another_status, {"status_is_proven"}),
    (another_sid, {"status_is_proven", "sid_is_known"}),
    (an_attempt_too_few, {"attempts_are_counted"}),
    (an_attempt_too_many, {"attempts_are_counted"}),
    (an_attempt_left_out, {"attempts_are_counted"}),
    (accepted_by_nobody, {"begins_with_acceptance"}),
    (accepted_twice, {"begins_with_acceptance"}),
    (fallen_back_for_nothing, {"fallback_has_a_cause"}),
    (history_without_a_message, {NOTHING_WITHOUT_A_MESSAGE}),
    (an_attempt_without_a_message, {NOTHING_WITHOUT_A_MESSAGE}),
]


def whole_lives(writer: Writer) -> list[UUID]:
    """Every kind of life that is as it should be."""
    lives = [
        writer.message(),
        writer.message(due_at=writer.now + 35 * DAY),
        writer.message(expires_at=writer.now - 30 * SECOND),
        writer.message(status="rejected", to_number=None),
        writer.held(writer.now + MINUTE),
        writer.held(writer.now - MINUTE),
        writer.doubtful(),
        writer.doubtful(check_at=None, given_up_at=writer.now, reason="nothing was heard for three days"),
        writer.queued(),
        writer.queued(check_at=writer.now - 30 * MINUTE),
        writer.reported("delivered"),
        writer.sent_again("policy"),
        writer.sent_again("operator"),
    ]
    writer.change(lives[0], waits_for=lives[1])
    writer.change(lives[2], waits_for=lives[-1])
    failed = writer.reported("undelivered")
    writer.fallback(failed, "undelivered")
    refused = writer.message(attempts=1)
    writer.attempt(refused, outcome="not_sent")
    writer.event(refused, "claimed")
    writer.event(refused, "pending")
    return [*lives, failed, refused]


def with_consent(writer: Writer) -> None:
    """What recipients have said, and nobody went against."""
    writer.consent("withdrawn", writer.now - 3 * HOUR)
    writer.consent("withdrawn", writer.now - 3 * HOUR, "*")
    writer.consent("granted", writer.now - 2 * HOUR, "*")
    writer.consent("withdrawn", writer.now - HOUR, "another-service")
    writer.consent("withdrawn", writer.now - HOUR, tenant="another-tenant")
    writer.consent("withdrawn", writer.now - HOUR, number="+14155550199")
    writer.consent("withdrawn", writer.now + SECOND)


def test_whole_lives_break_no_rule(runtime: WorkerRuntime, writer: Writer) -> None:
    lives = whole_lives(writer)
    with_consent(writer)
    findings = runtime.auditing.run(DAY)
    assert broken(findings) == {}
    *about_messages, about_lines = findings
    assert [finding.rule for finding in about_messages] == [rule.name for rule in RULES]
    assert {finding.checked for finding in about_messages} == {len(lives)}
    assert about_lines.checked > len(lives)


@pytest.mark.parametrize(("damage", "rules"), DAMAGES, ids=lambda one: getattr(one, "__name__", ""))
def test_damage_is_found_and_named(runtime: WorkerRuntime, writer: Writer, damage: Write, rules: set[str]) -> None:
    for _ in range(3):
        writer.message()
    message_id = damage(writer)
    found = audit(runtime)
    assert set(found) == rules
    assert {one for ids in found.values() for one in ids} == {message_id}


def test_every_rule_has_a_damage_that_breaks_it() -> None:
    names = {rule.name for rule in RULES} | {NOTHING_WITHOUT_A_MESSAGE}
    assert {name for _, rules in DAMAGES for name in rules} == names


def test_two_requests_under_way_are_found_though_the_database_refuses_them(
    runtime: WorkerRuntime, writer: Writer
) -> None:
    with pytest.raises(psycopg.errors.UniqueViolation), writer.connection.transaction():
        two_under_way(writer)
    writer.connection.execute("drop index attempts_under_way")
    try:
        message_id = two_under_way(writer)
        assert audit(runtime)["one_request_under_way"] == [message_id]
    finally:
        writer.connection.execute("truncate attempts")
        writer.connection.execute(
            "create unique index attempts_under_way on attempts (message_id) where outcome = 'started'"
        )


def test_messages_older_than_the_window_are_left_alone(runtime: WorkerRuntime, writer: Writer) -> None:
    writer.queued(check_at=None, created_at=writer.now - 2 * DAY)
    younger = writer.queued(check_at=None, created_at=writer.now - DAY + MINUTE)
    assert audit(runtime) == {"in_time": [younger]}


def test_one_tenants_messages_can_be_looked_at_alone(runtime: WorkerRuntime, writer: Writer) -> None:
    writer.queued(check_at=None, tenant="acme")
    ours = writer.queued(check_at=None)
    history_without_a_message(writer)
    assert audit(runtime, "default") == {"in_time": [ours]}
    assert audit(runtime, "nobody") == {}


def test_all_tenants_are_found(runtime: WorkerRuntime, writer: Writer) -> None:
    lives = {writer.queued(check_at=None, tenant=tenant) for tenant in ("acme", "default", "zenith")}
    assert set(audit(runtime)["in_time"]) == lives


def test_an_empty_database_breaks_no_rule(runtime: WorkerRuntime) -> None:
    assert audit(runtime) == {}


def test_more_than_a_page_is_read_and_no_more_than_a_few_violations_are_listed(
    runtime: WorkerRuntime, writer: Writer
) -> None:
    count = 1_100
    with writer.connection.transaction():
        for _ in range(count):
            writer.message(due_at=writer.now + 365 * DAY)
    (finding,) = [one for one in runtime.auditing.run(DAY) if one.found]
    assert (finding.rule, finding.checked, finding.found) == ("in_time", count, count)
    assert len(finding.violations) == MOST_LISTED


def test_the_metric_shows_what_is_broken_and_falls_when_it_is_mended(runtime: WorkerRuntime, writer: Writer) -> None:
    audit = partial(runtime.base.gauges.duties.do, AUDIT, partial(runtime.auditing.count, DAY))
    message_id = writer.queued(check_at=None)
    audit()
    assert gauge(runtime.base, "messaging_audit_violations", rule="in_time") == 1
    writer.change(message_id, check_at=writer.now + MINUTE)
    audit()
    assert gauge(runtime.base, "messaging_audit_violations", rule="in_time") == 0
