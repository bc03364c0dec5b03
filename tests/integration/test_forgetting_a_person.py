"""A person who asks to be erased is: what has not left is withdrawn, what has ended is emptied, the proof stays."""

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from messaging_pipeline.errors import IdempotencyConflict
from messaging_pipeline.ids import E164
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import TWO_TENANTS
from tests.support.commands import Finished, run_command
from tests.support.consenting import record_unknown
from tests.support.factories import RECIPIENT, a_send, configuration_file, environment
from tests.support.written_lives import Writer

ANOTHER = "+14155550199"

Run = Callable[..., Finished]


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path) -> Run:
    path = configuration_file(tmp_path, TWO_TENANTS)
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)
    return lambda *arguments: run_command(given, "forget", *arguments)


def row(writer: Writer, message_id: UUID) -> tuple[object, ...]:
    found = writer.connection.execute(
        "select status, content, fallback, to_number, tags, sequence from messages where id = %s", [message_id]
    ).fetchone()
    assert found is not None
    return found


def emptied(writer: Writer, message_id: UUID) -> bool:
    return row(writer, message_id)[1:] == (None, None, "erased", {}, None)


def test_what_has_ended_is_emptied_and_what_has_not_left_is_canceled_first(
    run: Run, runtime: WorkerRuntime, writer: Writer
) -> None:
    plan = [{"channel": "email", "to": "ada@example.com"}]
    waiting = runtime.base.accepting.accept(a_send(tags={"who": "Ada"}, sequence="ada", fallback=plan))
    ended = writer.reported("delivered", content=b"sealed")
    done = run(RECIPIENT, "--json")
    assert (done.code, done.err) == (0, "")
    assert (done.json["canceled"], done.json["messages"], done.json["left"]) == (1, 2, [])
    assert emptied(writer, waiting)
    assert emptied(writer, ended)
    assert row(writer, waiting)[0] == "canceled"


def test_again_changes_nothing_and_is_no_error(run: Run, writer: Writer) -> None:
    writer.reported("delivered", content=b"sealed")
    run(RECIPIENT)
    again = run(RECIPIENT, "--json")
    assert (again.code, again.json["messages"], again.json["canceled"]) == (0, 0, 0)


def test_only_what_was_touched_is_told(run: Run, writer: Writer) -> None:
    writer.reported("delivered", content=b"sealed")
    assert run(RECIPIENT).lines == ["+1•••0123:", "     1  messages were erased"]


def test_of_whom_nothing_is_held_that_is_told(run: Run, writer: Writer) -> None:
    done = run(ANOTHER)
    assert (done.code, done.lines) == (0, ["+1•••0199: nothing was found"])


@pytest.mark.parametrize("make", [Writer.queued, Writer.doubtful], ids=["on its way", "in doubt"])
def test_what_is_on_its_way_is_left_and_named(run: Run, writer: Writer, make: Callable[[Writer], UUID]) -> None:
    message_id = make(writer)
    done = run(RECIPIENT)
    assert done.code == 1
    assert f"left: {message_id} is " in done.out
    assert row(writer, message_id)[3] == RECIPIENT


def test_other_peoples_and_other_tenants_messages_stay(run: Run, writer: Writer) -> None:
    theirs = writer.reported("delivered", content=b"sealed", to_number=ANOTHER)
    of_acme = writer.reported("delivered", content=b"sealed", tenant="acme")
    assert run(RECIPIENT).code == 0
    assert [row(writer, one)[1] for one in (theirs, of_acme)] == [b"sealed", b"sealed"]
    assert run(RECIPIENT, "--tenant", "acme").code == 0
    assert emptied(writer, of_acme)


def test_what_the_person_wrote_and_what_carriers_said_goes(run: Run, runtime: WorkerRuntime, writer: Writer) -> None:
    for name, sender in (("SM1", RECIPIENT), ("SM2", f"whatsapp:{RECIPIENT}"), ("SM3", ANOTHER)):
        form = runtime.base.sealer.seal([["MessageSid", name], ["From", sender], ["Body", "a secret"]]).decode()
        runtime.receiving.store(tenant="default", sealed_form=form, received_at=writer.now)
    record_unknown(writer.connection, [("default", E164(RECIPIENT), 30005)], writer.now)
    done = run(RECIPIENT, "--json").json
    assert (done["inbound"], done["number_health"]) == (2, 1)
    left = writer.connection.execute("select sid, from_number, payload is null from inbound_messages order by sid")
    assert left.fetchall() == [("SM1", "erased", True), ("SM2", "erased", True), ("SM3", ANOTHER, False)]


def test_the_proof_of_consent_stays_and_the_person_is_still_left_alone(
    run: Run, runtime: WorkerRuntime, writer: Writer
) -> None:
    writer.consent("withdrawn", writer.now)
    writer.connection.execute(
        "insert into opt_outs (tenant, scope, number, since) values ('default', '*', %s, %s)", [RECIPIENT, writer.now]
    )
    done = run(RECIPIENT)
    assert done.code == 0
    assert "     1  lines of the consent ledger stay, as proof" in done.lines
    assert "     1  opt-outs stay in force" in done.lines


def test_the_proof_of_a_grant_stays_and_that_of_a_withdrawal_goes(run: Run, writer: Writer) -> None:
    for change in ("granted", "withdrawn"):
        writer.consent(change, writer.now, proof=b"sealed")
    assert run(RECIPIENT, "--json").json["consent_proofs"] == 1
    kept = writer.connection.execute("select change, proof is not null from consent_events order by id").fetchall()
    assert kept == [("granted", True), ("withdrawn", False)]


def test_a_fallback_that_has_not_left_is_withdrawn(run: Run, runtime: WorkerRuntime, writer: Writer) -> None:
    message_id = writer.reported("undelivered", content=b"sealed", fallback=b"sealed")
    writer.fallback(message_id, "undelivered")
    assert run(RECIPIENT, "--json").json["fallback_steps"] == 1
    (step,) = runtime.base.tracing.message(message_id)["fallback"]  # type: ignore[arg-type]
    assert (step["state"], step["explanation"]) == ("withdrawn", "the recipient was erased")


def an_entry(writer: Writer, name: str, state: str) -> None:
    lease = writer.now if state in {"claimed", "leaving"} else None
    writer.connection.execute(
        "insert into ticket_entries (tenant, sid, system, service, number, state, due_at, lease_until, silent,"
        " received_at) values ('default', %s, 'desk', 'default', %s, %s, %s, %s, false, %s)",
        [name, RECIPIENT, state, writer.now, lease, writer.now],
    )


def test_what_was_written_down_of_tickets_goes_but_for_what_is_leaving(run: Run, writer: Writer) -> None:
    writer.connection.execute(
        "insert into tickets (tenant, number, system, ticket_id, ticket_number, state, opened_at, last_entry_at)"
        " values ('default', %s, 'desk', '1', '1', 'open', %s, %s)",
        [RECIPIENT, writer.now, writer.now],
    )
    for name, state in (("SM1", "answered"), ("SM2", "waiting"), ("SM3", "leaving")):
        an_entry(writer, name, state)
    first = run(RECIPIENT, "--json")
    assert (first.code, first.json["tickets"], first.json["tickets_left"]) == (1, 2, 1)
    writer.connection.execute("update ticket_entries set state = 'answered', lease_until = null")
    second = run(RECIPIENT, "--json")
    assert (second.code, second.json["tickets"], second.json["tickets_left"]) == (0, 2, 0)


def test_no_sms_with_links_follows_any_more(run: Run, runtime: WorkerRuntime, writer: Writer) -> None:
    message_id = writer.reported("undelivered", content=b"sealed")
    writer.connection.execute(
        "insert into mms_links (message_id, promised_at) values (%s, %s)", [message_id, writer.now]
    )
    assert run(RECIPIENT).code == 0
    assert emptied(writer, message_id)
    runtime.sweep.run()
    assert writer.connection.execute("select count(*) from messages").fetchone() == (1,)


def test_a_fallback_that_is_leaving_holds_its_message(run: Run, writer: Writer) -> None:
    message_id = writer.reported("undelivered", content=b"sealed", fallback=b"sealed")
    writer.fallback(message_id, "undelivered")
    writer.connection.execute("update fallback_steps set state = 'sending', lease_until = now()")
    assert run(RECIPIENT).code == 1
    assert row(writer, message_id)[1] == b"sealed"


def test_the_number_is_found_in_its_hashed_form_too(run: Run, runtime: WorkerRuntime, writer: Writer) -> None:
    from messaging_pipeline.pseudonyms import key_of, pseudonym

    key = key_of(writer.connection, runtime.base.sealer, "default", writer.now)
    message_id = writer.reported("delivered", to_number=pseudonym(key, RECIPIENT), forgotten=2)
    assert run(RECIPIENT, "--json").json["messages"] == 1
    assert emptied(writer, message_id)


def test_the_audit_is_clean_and_a_repeat_is_not_sent_again(run: Run, runtime: WorkerRuntime, writer: Writer) -> None:
    send = a_send(idempotency_key="once")
    runtime.base.accepting.accept(send)
    for status in ("delivered", "undelivered"):
        writer.reported(status, content=b"sealed")
    assert run(RECIPIENT).code == 0
    assert [one.rule for one in runtime.auditing.run(writer.now - writer.now.replace(year=2025)) if one.found] == []
    with pytest.raises(IdempotencyConflict):
        runtime.base.accepting.accept(send)


def test_nothing_printed_holds_the_number(run: Run, writer: Writer) -> None:
    writer.queued()
    done = run(RECIPIENT)
    assert RECIPIENT not in done.out + done.err


@pytest.mark.parametrize(
    ("arguments", "code"), [(("12345",), 1), ((RECIPIENT, "--tenant", "nobody"), 1), ((), 2)], ids=str
)
def test_wrong_usage_is_refused(run: Run, arguments: tuple[str, ...], code: int) -> None:
    assert run(*arguments).code == code
