"""A message's row stays as long as something is owed for it, or needs it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from messaging_pipeline.forgetting.rows import TAKEN_FOR_EACH_OTHER
from messaging_pipeline.reconcile.match import ANSWERED_WITHIN, CLOCKS_APART
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import TWO_TENANTS
from tests.plugins.simulators import RuntimeMaker
from tests.support.old_messages import RETENTION, SERVICE, held, is_there, link, notice, old, redaction, step
from tests.support.written_lives import Writer


@pytest.fixture
def keeping(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """A runtime whose tenant keeps rows for ninety days; another one keeps everything, so that no month is dropped."""
    return make_runtime(RETENTION + SERVICE + TWO_TENANTS)


def _waited_for(writer: Writer, message_id: UUID) -> None:
    writer.message(waits_for=message_id)


def _under_way(writer: Writer, message_id: UUID) -> None:
    writer.attempt(message_id, 2, "started")


def _sent_as_an_open_message(writer: Writer, message_id: UUID) -> None:
    step(writer, message_id, "sent", writer.message())


def _the_step_of_another(writer: Writer, message_id: UUID) -> None:
    step(writer, writer.reported("undelivered"), "sent", message_id)


def _answers_an_entry(writer: Writer, message_id: UUID, state: str) -> None:
    writer.change(message_id, idempotency_key="ticket:SM1")
    writer.connection.execute(
        "insert into ticket_entries (tenant, sid, system, service, number, state, due_at, silent, received_at)"
        " values ('default', 'SM1', 'desk', 'default', '', %s, now(), false, now())",
        [state],
    )


def _answers_a_keyword(writer: Writer, message_id: UUID, state: str) -> None:
    writer.change(message_id, idempotency_key="keyword:SM1")
    writer.connection.execute(
        "insert into keyword_calls (tenant, sid, service, word, state, due_at, most_attempts, received_at)"
        " values ('default', 'SM1', 'default', 'status', %s, now(), 10, now())",
        [state],
    )


def _is_the_text_with_links(writer: Writer, message_id: UUID) -> None:
    with_media = writer.reported("undelivered")
    writer.change(message_id, idempotency_key=f"mms-link:{with_media}")
    link(writer, with_media, done=False)


OWED: dict[str, Callable[[Writer, UUID], None]] = {
    "a request is under way": _under_way,
    "the next part waits for it": _waited_for,
    "its step is an open message": _sent_as_an_open_message,
    "it is the step of another": _the_step_of_another,
    "it is the text with links of another": _is_the_text_with_links,
    **{
        f"a ticket's entry is {state}": lambda writer, message_id, state=state: _answers_an_entry(
            writer, message_id, state
        )
        for state in ("waiting", "taken", "refused", "unconfirmed", "failed")
    },
    **{
        f"a keyword's call is {state}": lambda writer, message_id, state=state: _answers_a_keyword(
            writer, message_id, state
        )
        for state in ("waiting", "failed")
    },
    "links are to come": lambda writer, message_id: link(writer, message_id, done=False),
    **{
        f"a step is {state}": lambda writer, message_id, state=state: step(writer, message_id, state)
        for state in ("planned", "waiting", "sending", "unconfirmed")
    },
    **{
        f"a notice is {state}": lambda writer, message_id, state=state: notice(writer, message_id, state)
        for state in ("waiting", "claimed", "dead")
    },
    **{
        f"a redaction is {state}": lambda writer, message_id, state=state: redaction(writer, message_id, state)
        for state in ("waiting", "claimed", "failed")
    },
}


@pytest.mark.parametrize("owed", OWED)
def test_what_is_owed_for_a_message_keeps_it(keeping: WorkerRuntime, writer: Writer, owed: str) -> None:
    message_id = writer.reported("delivered", **old(writer))
    OWED[owed](writer, message_id)
    before = held(writer, message_id)
    assert keeping.retention.run()["message"] == 0
    assert held(writer, message_id) == before


@pytest.mark.parametrize(
    "columns",
    [
        {"status": "pending"},
        {"status": "claimed", "claim_id": UUID(int=1), "lease_until": "now"},
        {"status": "unconfirmed", "given_up_at": "now", "reason": "x"},
        {"status": "sent"},
        {"status": "delivered", "check_at": "now"},
    ],
)
def test_what_has_not_ended_stays(keeping: WorkerRuntime, writer: Writer, columns: dict[str, Any]) -> None:
    message_id = writer.message(**old(writer, **columns))
    keeping.retention.run()
    assert is_there(writer, message_id)


def test_answers_that_are_not_owed_any_more_go(keeping: WorkerRuntime, writer: Writer) -> None:
    ticket, keyword = (writer.reported("delivered", **old(writer)) for _ in range(2))
    _answers_an_entry(writer, ticket, "answered")
    _answers_a_keyword(writer, keyword, "answered")
    assert keeping.retention.run()["message"] == 2


def test_what_was_sent_when_a_request_in_doubt_was_stays_until_that_is_settled(
    keeping: WorkerRuntime, writer: Writer
) -> None:
    """Else Twilio's list would show it as nobody's, and it could be taken for what that request has made."""
    near, far = (writer.reported("delivered", **old(writer)) for _ in range(2))
    writer.connection.execute(
        "update attempts set started_at = started_at - interval '1 hour' where message_id = %s", [far]
    )
    doubt = writer.doubtful(check_at=None, given_up_at=writer.now, reason="x")
    keeping.retention.run()
    assert (is_there(writer, near), is_there(writer, far)) == (True, False)
    writer.change(doubt, status="canceled")
    keeping.retention.run()
    assert not is_there(writer, near)


def test_reconciliation_looks_no_further_from_a_request_than_rows_are_kept_for_it() -> None:
    assert TAKEN_FOR_EACH_OTHER == CLOCKS_APART + ANSWERED_WITHIN
