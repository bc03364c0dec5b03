"""What SendGrid tells of letters: a bounce fails the step and starts the next, a delivery settles a doubt."""

from datetime import UTC, datetime
from itertools import permutations
from uuid import UUID

import pytest

from messaging_pipeline.twilio_api.sendgrid_events import LetterEvent
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.falling import EMAIL, states, told, with_plan, woken
from tests.support.followed import shown

LANDLINE = 30006
AT = datetime(2026, 11, 23, 12, 0, 5, tzinfo=UTC)


def a_letter_that_is(runtime: WorkerRuntime, state: str) -> UUID:
    """A message whose first step, an e-mail, was tried and stands there; another step follows it."""
    message_id = with_plan(runtime, EMAIL, EMAIL)
    told(runtime, message_id, "undelivered", LANDLINE)
    lease = AT if state == "sending" else None
    with runtime.base.pool.connection() as connection:
        connection.execute(
            "update fallback_steps set state = %s, lease_until = %s, attempts = 1 where message_id = %s",
            [state, lease, message_id],
        )
    return message_id


def hear(runtime: WorkerRuntime, message_id: UUID, *words: str) -> None:
    runtime.hearing_of_letters.apply([LetterEvent(message_id, 1, word, AT) for word in words])


@pytest.mark.parametrize("word", ["bounced", "dropped"])
@pytest.mark.parametrize("state", ["sending", "sent", "unconfirmed"])
def test_a_letter_that_did_not_arrive_starts_the_next_step(
    runtime: WorkerRuntime, redis_url: str, state: str, word: str
) -> None:
    message_id = a_letter_that_is(runtime, state)
    for _ in range(2):
        hear(runtime, message_id, word)
    assert states(runtime, message_id) == [(1, "failed", "undelivered"), (2, "waiting", "undelivered")]
    assert woken(redis_url, message_id) == [1, 2]
    assert (shown(runtime, message_id)["fallback"][0]["heard"], shown(runtime, message_id)["fallback"][1]["heard"]) == (
        word,
        None,
    )


@pytest.mark.parametrize("state", ["waiting", "sending", "sent", "unconfirmed"])
def test_a_delivery_settles_where_a_letter_is(runtime: WorkerRuntime, state: str) -> None:
    message_id = a_letter_that_is(runtime, state)
    hear(runtime, message_id, "delivered")
    assert states(runtime, message_id) == [(1, "sent", "undelivered")]
    step = shown(runtime, message_id)["fallback"][0]
    assert (step["heard"], step["heard_at"]) == ("delivered", AT)


@pytest.mark.parametrize("order", list(permutations(["delivered", "dropped", "bounced"])))
def test_the_worst_stands_in_whatever_order_it_comes(runtime: WorkerRuntime, order: tuple[str, ...]) -> None:
    together, apart = a_letter_that_is(runtime, "sent"), a_letter_that_is(runtime, "sent")
    hear(runtime, together, *order)
    for word in order:
        hear(runtime, apart, word)
    for message_id in (together, apart):
        assert [state for _, state, _ in states(runtime, message_id)] == ["failed", "waiting"]
    assert shown(runtime, together)["fallback"][0]["heard"] == "bounced"


def test_a_bounce_after_the_message_arrived_starts_nothing(runtime: WorkerRuntime) -> None:
    message_id = a_letter_that_is(runtime, "sent")
    told(runtime, message_id, "delivered")
    hear(runtime, message_id, "bounced")
    assert states(runtime, message_id) == [(1, "failed", "undelivered")]


def test_a_letter_of_nobody_changes_nothing(runtime: WorkerRuntime) -> None:
    message_id = a_letter_that_is(runtime, "sent")
    hear(runtime, UUID(int=1), "bounced")
    runtime.hearing_of_letters.apply([])
    assert states(runtime, message_id) == [(1, "sent", "undelivered")]
