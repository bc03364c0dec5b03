"""Contents, numbers and inbound payloads go when their time is over, and all that was promised still holds."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.forgetting import retention
from messaging_pipeline.ids import E164
from messaging_pipeline.pseudonyms import forms_of
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import run_command
from tests.support.consenting import record_unknown
from tests.support.factories import RECIPIENT, a_send, environment
from tests.support.followed import report
from tests.support.metric_deltas import Counting
from tests.support.written_lives import Writer, sid

DAY = timedelta(days=1)
PLAN = [{"channel": "email", "to": "ada@example.com", "subject": "x", "body": None}]
RETENTION = """
[tenants.default.retention]
body_days = 30
number_days = 90
inbound_days = 10
consent_proof_days = 100

[services.default]
messaging_service_sid = "MG00000000000000000000000000000001"
"""


@pytest.fixture
def keeping(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """A runtime whose tenant keeps texts for 30 days, numbers for 90, and what people wrote for 10."""
    return make_runtime(RETENTION)


def sealed(runtime: WorkerRuntime, age: timedelta) -> dict[str, Any]:
    """The columns of a message that has stood where it is for some time."""
    seal = runtime.base.sealer.seal
    at = runtime.base.clock.now() - age
    return {
        "content": seal({"body": "a secret", "media_urls": []}),
        "fallback": seal(PLAN),
        "status_at": at,
        "created_at": at,
    }


def held(writer: Writer, message_id: UUID) -> tuple[bool, bool, str, int]:
    """Whether a message still has its content and its plan, its number, and how far it is forgotten."""
    row = writer.connection.execute(
        "select content is not null, fallback is not null, to_number, forgotten from messages where id = %s",
        [message_id],
    ).fetchone()
    assert row is not None
    return row[0], row[1], row[2], row[3]


def receive(runtime: WorkerRuntime, name: str, age: timedelta, sender: str = RECIPIENT, text: str = "a secret") -> None:
    form = [["MessageSid", name], ["From", sender], ["To", "+12065550100"], ["Body", text]]
    sealed_form = runtime.base.sealer.seal(form).decode()
    runtime.receiving.store(tenant="default", sealed_form=sealed_form, received_at=runtime.base.clock.now() - age)


def inbound(writer: Writer) -> dict[str, tuple[bool, str]]:
    rows = writer.connection.execute("select sid, payload is not null, from_number from inbound_messages")
    return {name: (has_payload, number) for name, has_payload, number in rows}


def test_content_and_plan_go_and_the_number_stays_until_its_own_time(keeping: WorkerRuntime, writer: Writer) -> None:
    old, young = (writer.reported("delivered", **sealed(keeping, days * DAY)) for days in (31, 29))
    counted = Counting("messaging_forgotten_total", kind="content")
    assert keeping.retention.run()["content"] == 1
    assert held(writer, old) == (False, False, RECIPIENT, 1)
    assert held(writer, young) == (True, True, RECIPIENT, 0)
    assert counted.count == 1


def test_a_number_becomes_a_hash_by_which_it_is_found_again(keeping: WorkerRuntime, writer: Writer) -> None:
    old = writer.reported("delivered", **sealed(keeping, 91 * DAY))
    keeping.retention.run()
    has_content, _, number, forgotten = held(writer, old)
    assert (has_content, forgotten) == (False, 2)
    assert number.startswith("h:")
    assert RECIPIENT[2:] not in number
    forms = forms_of(writer.connection, keeping.base.sealer, "default", E164(RECIPIENT))
    assert number in forms
    assert number not in forms_of(writer.connection, keeping.base.sealer, "acme", E164(RECIPIENT))
    assert [one["id"] for one in keeping.base.tracing.messages(tenant="default", to=forms)] == [old]


def test_the_list_of_messages_to_a_number_shows_those_whose_number_has_gone(
    keeping: WorkerRuntime, writer: Writer, database_url: str, redis_url: str
) -> None:
    old = writer.reported("delivered", **sealed(keeping, 91 * DAY))
    keeping.retention.run()
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)
    listed = run_command(given, "messages", "list", "--to", RECIPIENT, "--json").json
    assert [one["id"] for one in listed] == [str(old)]
    shown = run_command(given, "messages", "show", str(old))
    assert "its text and the number have gone" in shown.out


def test_what_may_still_be_needed_stays_however_old_it_is(keeping: WorkerRuntime, writer: Writer) -> None:
    columns = sealed(keeping, 400 * DAY)
    waiting = writer.message(**columns)
    in_doubt = writer.doubtful(check_at=None, given_up_at=writer.now, reason="x", **columns)
    on_its_way = writer.queued(**columns)
    falling_back = writer.reported("undelivered", **columns)
    writer.fallback(falling_back, "undelivered")
    linked = writer.reported("undelivered", **columns)
    writer.connection.execute("insert into mms_links (message_id, promised_at) values (%s, now())", [linked])
    keeping.retention.run()
    for message_id in (waiting, in_doubt, on_its_way, falling_back, linked):
        assert held(writer, message_id) == (True, True, RECIPIENT, 0)


def test_a_message_that_was_given_up_has_ended(keeping: WorkerRuntime, writer: Writer) -> None:
    columns = sealed(keeping, 31 * DAY)
    message_id = writer.queued(**columns, check_at=None, given_up_at=writer.now, reason="nothing was heard")
    keeping.retention.run()
    assert held(writer, message_id)[0] is False


def test_the_audit_is_clean_afterwards(keeping: WorkerRuntime, writer: Writer) -> None:
    for status in ("delivered", "undelivered", "failed"):
        writer.reported(status, **sealed(keeping, 100 * DAY))
    writer.message(status="rejected", to_number=None, status_at=writer.now - 100 * DAY)
    keeping.retention.run()
    assert [one.rule for one in keeping.auditing.run(365 * DAY) if one.found] == []


def test_a_late_failure_starts_no_new_attempt_and_no_fallback(keeping: WorkerRuntime, writer: Writer) -> None:
    message_id = writer.reported("undelivered", **sealed(keeping, 100 * DAY))
    keeping.retention.run()
    late = report(message_id, "failed", sid=sid(message_id), error_code=30003, received_at=writer.now)
    keeping.following.apply([late])
    shown = keeping.base.tracing.message(message_id)  # type: ignore[arg-type]
    assert (shown["status"], shown["fallback"]) == ("failed", [])
    assert [one.rule for one in keeping.auditing.run(365 * DAY) if one.found] == []


def test_a_late_report_says_nothing_about_a_number_that_has_gone(keeping: WorkerRuntime, writer: Writer) -> None:
    message_id = writer.reported("undelivered", **sealed(keeping, 100 * DAY))
    keeping.retention.run()
    for code in (30005, 21610):
        late = report(message_id, "failed", sid=sid(message_id), error_code=code, received_at=writer.now)
        keeping.following.apply([late])
    for table in ("number_health", "consent_events", "opt_outs"):
        assert writer.connection.execute(f"select count(*) from {table}").fetchone() == (0,)


def test_what_people_wrote_goes_and_is_not_fetched_again(keeping: WorkerRuntime, writer: Writer) -> None:
    receive(keeping, "SMold", 11 * DAY)
    receive(keeping, "SMyoung", 9 * DAY)
    keeping.retention.run()
    assert inbound(writer) == {"SMold": (False, RECIPIENT), "SMyoung": (True, RECIPIENT)}
    receive(keeping, "SMold", 11 * DAY)
    assert inbound(writer)["SMold"] == (False, RECIPIENT)


def test_a_wish_that_nobody_has_looked_at_keeps_its_text(keeping: WorkerRuntime, writer: Writer) -> None:
    receive(keeping, "SMwish", 11 * DAY, text="please stop texting me")
    keeping.retention.run()
    assert inbound(writer) == {"SMwish": (True, RECIPIENT)}
    writer.connection.execute("update inbound_messages set seen_at = now()")
    keeping.retention.run()
    assert inbound(writer) == {"SMwish": (False, RECIPIENT)}


def test_what_a_keyword_has_not_called_yet_keeps_its_text(keeping: WorkerRuntime, writer: Writer) -> None:
    receive(keeping, "SM1", 11 * DAY)
    writer.connection.execute(
        "insert into keyword_calls (tenant, sid, service, word, state, due_at, most_attempts, received_at)"
        " select tenant, sid, 'default', 'status', 'waiting', received_at, 10, received_at from inbound_messages"
    )
    keeping.retention.run()
    assert inbound(writer)["SM1"][0] is True
    writer.connection.execute("update keyword_calls set state = 'failed'")
    keeping.retention.run()
    assert inbound(writer)["SM1"][0] is False


def test_what_still_has_to_go_into_a_ticket_keeps_its_text_and_the_rest_goes_with_numbers(
    keeping: WorkerRuntime, writer: Writer
) -> None:
    receive(keeping, "SM1", 91 * DAY)
    writer.connection.execute(
        "insert into ticket_entries (tenant, sid, system, service, number, state, due_at, silent, received_at)"
        " select tenant, sid, 'desk', 'default', from_number, 'waiting', received_at, false, received_at"
        " from inbound_messages"
    )
    keeping.retention.run()
    assert inbound(writer) == {"SM1": (True, RECIPIENT)}
    writer.connection.execute("update ticket_entries set state = 'answered'")
    keeping.retention.run()
    assert inbound(writer)["SM1"][0] is False
    ((number,),) = writer.connection.execute("select number from ticket_entries").fetchall()
    assert number in forms_of(writer.connection, keeping.base.sealer, "default", E164(RECIPIENT))[1:]


def a_ticket(writer: Writer, name: str, *, opened: timedelta, closed: timedelta | None = None) -> None:
    """A ticket that was opened, and perhaps closed, so long ago."""
    writer.connection.execute(
        "insert into tickets (tenant, number, system, ticket_id, ticket_number, state, opened_at, last_entry_at,"
        " closed_at) values ('default', %s, %s, '1', '1', %s, %s, %s, %s)",
        [
            RECIPIENT,
            name,
            "open" if closed is None else "closed",
            writer.now - opened,
            writer.now - opened,
            None if closed is None else writer.now - closed,
        ],
    )


def test_whose_a_ticket_is_goes_when_nothing_has_gone_into_it_for_long(keeping: WorkerRuntime, writer: Writer) -> None:
    a_ticket(writer, "closed-long-ago", opened=200 * DAY, closed=91 * DAY)
    a_ticket(writer, "closed-lately", opened=200 * DAY, closed=89 * DAY)
    a_ticket(writer, "silent", opened=91 * DAY)
    a_ticket(writer, "lively", opened=89 * DAY)
    assert keeping.retention.run()["ticket"] == 2
    assert keeping.retention.run()["ticket"] == 0
    rows = writer.connection.execute("select system, number like 'h:%', state from tickets").fetchall()
    assert sorted(rows) == [
        ("closed-lately", False, "closed"),
        ("closed-long-ago", True, "closed"),
        ("lively", False, "open"),
        ("silent", True, "closed"),
    ]


def test_a_person_with_two_tickets_that_have_gone_is_no_conflict(keeping: WorkerRuntime, writer: Writer) -> None:
    a_ticket(writer, "desk", opened=91 * DAY)
    keeping.retention.run()
    a_ticket(writer, "desk", opened=91 * DAY)
    assert keeping.retention.run()["ticket"] == 1


def test_inbound_messages_are_listed_and_shown_when_number_and_text_have_gone(
    keeping: WorkerRuntime, writer: Writer, database_url: str, redis_url: str
) -> None:
    receive(keeping, "SMold", 91 * DAY)
    keeping.retention.run()
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)
    listed = run_command(given, "inbound", "list", "--from", RECIPIENT, "--json").json
    assert [one["sid"] for one in listed] == ["SMold"]
    shown = run_command(given, "inbound", "show", "SMold", "--text")
    assert (shown.code, shown.lines[-1]) == (0, "its text has gone")
    assert run_command(given, "inbound", "show", "SMold", "--text", "--json").json["form"] == []


def test_whoever_wrote_by_whichever_channel_becomes_the_same_hash(keeping: WorkerRuntime, writer: Writer) -> None:
    for name, sender in (("SM1", RECIPIENT), ("SM2", f"whatsapp:{RECIPIENT}"), ("SM3", "")):
        receive(keeping, name, 91 * DAY, sender)
    keeping.retention.run()
    numbers = {name: number for name, (_, number) in inbound(writer).items()}
    assert numbers["SM1"] == numbers["SM2"]
    assert numbers["SM1"].startswith("h:")
    assert numbers["SM3"] == ""


def test_what_carriers_said_of_a_number_goes_with_numbers(
    keeping: WorkerRuntime, writer: Writer, clock: ManualClock
) -> None:
    with writer.connection.transaction():
        record_unknown(writer.connection, [("default", E164(RECIPIENT), 30005)], clock.now() - 91 * DAY)
        record_unknown(writer.connection, [("default", E164("+14155550199"), 30005)], clock.now() - 89 * DAY)
    keeping.retention.run()
    rows = writer.connection.execute("select number from number_health").fetchall()
    assert rows == [("+14155550199",)]


def test_the_proof_of_consent_stays(keeping: WorkerRuntime, writer: Writer) -> None:
    writer.consent("withdrawn", writer.now - 400 * DAY)
    keeping.retention.run()
    assert writer.connection.execute("select number from consent_events").fetchall() == [(RECIPIENT,)]


def test_what_proves_a_consent_goes_long_after_it_was_withdrawn(keeping: WorkerRuntime, writer: Writer) -> None:
    proof = keeping.base.sealer.seal({"ip": "192.0.2.17"})
    for last, days in (("+14155550101", (300, 101)), ("+14155550102", (300, 99))):
        for change, age in zip(("granted", "withdrawn"), days, strict=True):
            writer.consent(change, writer.now - age * DAY, number=last, proof=proof)
    writer.consent("granted", writer.now - 300 * DAY, number="+14155550103", proof=proof)
    writer.consent("granted", writer.now, number="+14155550101", proof=proof)
    assert keeping.retention.run()["consent_proof"] == 2
    kept = writer.connection.execute("select number, change from consent_events where proof is not null order by id")
    assert kept.fetchall() == [
        ("+14155550102", "granted"),
        ("+14155550102", "withdrawn"),
        ("+14155550103", "granted"),
        ("+14155550101", "granted"),
    ]


def test_a_tenant_that_says_nothing_keeps_everything(keeping: WorkerRuntime, writer: Writer) -> None:
    message_id = writer.reported("delivered", tenant="acme", **sealed(keeping, 400 * DAY))
    assert keeping.retention.run()["content"] == 0
    assert held(writer, message_id)[0] is True


def test_a_repeat_of_a_message_whose_text_has_gone_finds_it(keeping: WorkerRuntime, writer: Writer) -> None:
    send = a_send(idempotency_key="once")
    first = keeping.base.accepting.accept(send)
    keeping.base.canceling.cancel(first, "default")
    writer.change(first, status_at=writer.now - 100 * DAY)
    keeping.retention.run()
    assert held(writer, first)[0] is False
    assert keeping.base.accepting.accept(send) == first


def test_rows_in_other_hands_are_left_to_the_next_run(
    keeping: WorkerRuntime, writer: Writer, database_url: str
) -> None:
    taken, free = (writer.reported("delivered", **sealed(keeping, 31 * DAY)) for _ in range(2))
    with psycopg.connect(database_url) as other:
        other.execute("select from messages where id = %s for update", [taken])
        assert keeping.retention.run()["content"] == 1
        assert (held(writer, taken)[0], held(writer, free)[0]) == (True, False)
    assert keeping.retention.run()["content"] == 1
    assert held(writer, taken)[0] is False


def test_more_than_a_batch_goes_in_one_run(keeping: WorkerRuntime, writer: Writer) -> None:
    count = retention.BATCH_ROWS + 3
    columns = sealed(keeping, 91 * DAY)
    with writer.connection.transaction():
        for _ in range(count):
            writer.message(status="canceled", **columns)
    gone = keeping.retention.run()
    assert (gone["content"], gone["number"]) == (count, count)
    assert keeping.retention.run()["content"] == 0


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("body_days = 0", "tenants.default.retention.body_days"),
        ("body_days = 1.5", "tenants.default.retention.body_days"),
        ("days = 5", "tenants.default.retention.days"),
        ("number_days = 5", "tenants.default.retention"),
        ("body_days = 9\nnumber_days = 5", "tenants.default.retention"),
    ],
)
def test_a_wrong_retention_is_named_by_its_place(make_runtime: RuntimeMaker, text: str, place: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        make_runtime(f"[tenants.default.retention]\n{text}\n")
    assert place in refusal.value.setting
