"""Doubt: settled by what is found at Twilio, by the service's policy, or by a person; never by hope."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from messaging_pipeline import Pipeline
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.errors import InvalidInput, NotAllowed, NotFound
from messaging_pipeline.ids import E164, MessageId, new_message_id
from messaging_pipeline.simulator.configuration import AccountConfig, Faults, SimulatorConfig
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.twilio_api.client import CreateMessage
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID
from tests.support.followed import nameless, report, under_way
from tests.support.reconciled import (
    ANSWERED_500_NOT_CREATED,
    DELIVERED,
    RESET_AFTER_ACCEPT,
    ask_everything,
    broken_rules,
    remote,
    row,
    sent,
    statuses,
    until_at_twilio,
)

PLAN = [{"channel": "email", "to": "ada@example.com"}]
STRANGE_SID = "SM" + "7" * 32


@pytest.fixture
def clock() -> ManualClock:
    """The simulator dates messages by the real clock, so ours begins there."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Twilio at 200 times its speed; none of its callbacks reaches us."""
    config = SimulatorConfig(
        accounts=(AccountConfig(ACCOUNT_SID, AUTH_TOKEN),), faults=Faults(callback_lost=1.0), speed=200.0
    )
    with simulator_in_thread(config) as it:
        yield it


def doubtful(runtime: WorkerRuntime, to: str = RESET_AFTER_ACCEPT, **changes: Any) -> MessageId:
    (message_id,) = sent(runtime, to, **changes)
    assert statuses(runtime, [message_id]) == ["unconfirmed"]
    return message_id


def with_policy(make_runtime: RuntimeMaker, policy: str, after_seconds: int = 900) -> WorkerRuntime:
    return make_runtime(f'{QUICK_SERVICE}when_unconfirmed = "{policy}"\nunconfirmed_after_seconds = {after_seconds}\n')


def redirect(runtime: WorkerRuntime, message_id: MessageId, to: str) -> None:
    """Pretend that a message that was never created was to another number, at which others were."""
    with runtime.base.pool.connection() as connection:
        connection.execute("update messages set to_number = %s where id = %s", [to, message_id])


def last_event(runtime: WorkerRuntime, message_id: MessageId) -> dict[str, Any]:
    return dict(show(runtime, message_id)["events"][-1])


def test_a_message_whose_answer_was_lost_is_found_at_twilio_and_bound(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = doubtful(sending)
    until_at_twilio(simulator, "delivered")
    clock.advance(31)
    assert sending.reconciling.run().findings["bound"] == 1
    shown, (theirs,) = show(sending, message_id), remote(simulator)
    assert (shown["status"], shown["sid"]) == ("delivered", theirs["sid"])
    assert [(one["outcome"], one["sid"]) for one in shown["attempts"]] == [("accepted", theirs["sid"])]
    assert last_event(sending, message_id)["source"] == "reconcile"
    assert len(creates(simulator)) == 1
    assert broken_rules(sending) == {}


def test_a_message_that_was_not_sent_yet_is_found_too(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    """Twilio leaves it out of a list by date of sending."""
    message_id = doubtful(sending)
    clock.advance(31)
    sending.reconciling.run()
    assert show(sending, message_id)["sid"] == remote(simulator)[0]["sid"]


def test_several_lost_answers_for_one_person_are_bound_by_what_they_say(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    ids = sent(sending, *[RESET_AFTER_ACCEPT] * 3, body="The same") + sent(sending, RESET_AFTER_ACCEPT, body="Another")
    ask_everything(sending)
    bound = {show(sending, message_id)["sid"] for message_id in ids}
    assert bound == {one["sid"] for one in remote(simulator)}
    (another,) = [one["sid"] for one in remote(simulator) if one["body"] == "Another"]
    assert show(sending, ids[3])["sid"] == another


def test_that_nothing_is_found_proves_nothing(sending: WorkerRuntime, simulator: Simulator, clock: ManualClock) -> None:
    message_id = doubtful(sending, ANSWERED_500_NOT_CREATED)
    for _ in range(10):
        clock.advance(80)
        sending.reconciling.run()
    assert statuses(sending, [message_id]) == ["unconfirmed"]
    assert len(creates(simulator)) == 1


def test_another_text_to_the_same_person_is_not_taken_for_ours(sending: WorkerRuntime, simulator: Simulator) -> None:
    message_id = doubtful(sending, ANSWERED_500_NOT_CREATED)
    redirect(sending, message_id, DELIVERED)
    sending.base.accounts.of("default").create(
        CreateMessage(E164(DELIVERED), "Else", messaging_service_sid=SERVICE_SID)
    )
    ask_everything(sending)
    assert statuses(sending, [message_id]) == ["unconfirmed"]


def test_a_message_whose_answer_is_still_awaited_is_not_taken_from_its_attempt(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    """The same text to the same person: one answer is lost and nothing was created, another is on its way."""
    message_id = doubtful(sending, ANSWERED_500_NOT_CREATED)
    redirect(sending, message_id, DELIVERED)
    (attempt,) = under_way(sending, to=DELIVERED)
    request = sending.lane.outgoing.request(attempt.message, sending.base.clock.now())
    sending.base.accounts.of("default").create(request)
    found = ask_everything(sending)
    assert found.findings["bound"] == 0
    assert found.findings["undecided"] == 1
    assert statuses(sending, [message_id, attempt.message.id]) == ["unconfirmed", "claimed"]


def test_by_default_doubt_is_held_and_says_what_a_person_can_do(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = doubtful(sending, ANSWERED_500_NOT_CREATED, fallback=PLAN)
    clock.advance(901)
    assert sending.reconciling.run().findings["held"] == 1
    shown = show(sending, message_id)
    assert (shown["status"], shown["fallback"]) == ("unconfirmed", [])
    assert "messaging-pipeline messages resolve" in shown["reason"]
    told = last_event(sending, message_id)
    assert (told["status"], told["source"], told["moved"]) == ("unconfirmed", "policy", False)
    for _ in range(3):
        clock.advance(3600)
        assert sending.reconciling.run().findings["held"] == 0
    assert show(sending, message_id)["events"] == shown["events"]
    assert broken_rules(sending) == {}


def test_what_is_held_is_still_settled_by_evidence(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = doubtful(sending, ANSWERED_500_NOT_CREATED)
    clock.advance(901)
    sending.reconciling.run()
    sending.following.apply([report(message_id, "delivered")])
    assert statuses(sending, [message_id]) == ["delivered"]


def test_doubt_that_nobody_settles_is_given_up_and_still_waits_for_a_person(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = doubtful(sending, ANSWERED_500_NOT_CREATED)
    clock.advance(3 * 86_400)
    assert sending.reconciling.run().findings["given_up"] == 1
    assert statuses(sending, [message_id]) == ["unconfirmed"]
    assert "messages resolve" in show(sending, message_id)["reason"]
    assert row(sending, message_id, "check_at, given_up_at") == (None, clock.now())
    assert broken_rules(sending) == {}


def test_a_service_may_want_it_sent_again(make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock) -> None:
    runtime = with_policy(make_runtime, "resend")
    message_id = doubtful(runtime, ANSWERED_500_NOT_CREATED)
    clock.advance(890)
    runtime.reconciling.run()
    assert statuses(runtime, [message_id]) == ["unconfirmed"]
    clock.advance(11)
    assert runtime.reconciling.run().findings["resent"] == 1
    assert row(runtime, message_id, "status, live_from, sid, check_at") == ("pending", 2, None, None)
    told = last_event(runtime, message_id)
    assert (told["status"], told["source"], told["moved"]) == ("pending", "policy", True)
    drain(runtime)
    shown = show(runtime, message_id)
    assert [one["number"] for one in shown["attempts"]] == [1, 2]
    assert shown["attempts"][0]["outcome"] == "unconfirmed"
    assert len(creates(simulator)) == 2
    assert broken_rules(runtime) == {}


def test_nothing_is_sent_again_before_twilio_has_answered(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    message_id = doubtful(with_policy(make_runtime, "resend"), ANSWERED_500_NOT_CREATED)
    away = make_runtime(f'{QUICK_SERVICE}when_unconfirmed = "resend"\n', TWILIO_API_BASE_URL="http://127.0.0.1:9")
    clock.advance(5000)
    away.reconciling.run()
    assert statuses(away, [message_id]) == ["unconfirmed"]


def test_nothing_is_sent_again_that_something_at_twilio_may_be(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    """Two attempts that say the same, and one message: one of them was sent."""
    runtime = with_policy(make_runtime, "resend")
    ids = [doubtful(runtime), doubtful(runtime, ANSWERED_500_NOT_CREATED)]
    redirect(runtime, ids[1], RESET_AFTER_ACCEPT)
    clock.advance(901)
    found = runtime.reconciling.run()
    assert (found.findings["undecided"], found.findings["held"], found.findings["resent"]) == (2, 2, 0)
    assert statuses(runtime, ids) == ["unconfirmed"] * 2
    assert all("told apart" in show(runtime, message_id)["reason"] for message_id in ids)


def test_a_late_arrival_of_what_was_sent_again_still_counts(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = with_policy(make_runtime, "resend")
    message_id = doubtful(runtime, ANSWERED_500_NOT_CREATED)
    clock.advance(901)
    runtime.reconciling.run()
    runtime.following.apply([report(message_id, "sent", attempt=1)])
    assert statuses(runtime, [message_id]) == ["pending"]
    runtime.following.apply([report(message_id, "delivered", attempt=1)])
    assert statuses(runtime, [message_id]) == ["delivered"]
    drain(runtime)
    assert len(creates(simulator)) == 1
    assert broken_rules(runtime) == {}


def test_a_service_may_want_its_fallback(make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock) -> None:
    runtime = with_policy(make_runtime, "fallback", after_seconds=60)
    message_id = doubtful(runtime, ANSWERED_500_NOT_CREATED, fallback=PLAN)
    clock.advance(61)
    assert runtime.reconciling.run().findings["fell_back"] == 1
    shown = show(runtime, message_id)
    assert (shown["status"], last_event(runtime, message_id)["source"]) == ("failed", "policy")
    assert "may have arrived" in shown["reason"]
    assert [(step["channel"], step["cause"]) for step in shown["fallback"]] == [("email", "failed")]
    assert runtime.reconciling.run().findings["fell_back"] == 0
    assert broken_rules(runtime) == {}


def test_a_person_can_say_that_it_was_sent_and_as_what(sending: WorkerRuntime, simulator: Simulator) -> None:
    message_id = doubtful(sending)
    until_at_twilio(simulator, "delivered")
    (theirs,) = remote(simulator)
    assert sending.base.resolving.sent(message_id, "default", theirs["sid"]) == "delivered"
    shown = show(sending, message_id)
    assert (shown["sid"], last_event(sending, message_id)["source"]) == (theirs["sid"], "operator")
    assert [one["outcome"] for one in shown["attempts"]] == ["accepted"]
    assert broken_rules(sending) == {}


def test_a_sid_that_went_to_somebody_else_is_refused_unless_forced(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    sent(sending, RESET_AFTER_ACCEPT.replace("1021", "1022"))
    (other,) = remote(simulator)
    message_id = doubtful(sending)
    with pytest.raises(NotAllowed, match="another recipient"):
        sending.base.resolving.sent(message_id, "default", other["sid"])
    assert statuses(sending, [message_id]) == ["unconfirmed"]
    sending.base.resolving.sent(message_id, "default", other["sid"], force=True)
    assert show(sending, message_id)["sid"] == other["sid"]


def test_a_sid_that_twilio_does_not_have_is_refused_unless_forced(sending: WorkerRuntime) -> None:
    message_id = doubtful(sending)
    with pytest.raises(NotAllowed, match="has no message"):
        sending.base.resolving.sent(message_id, "default", STRANGE_SID)
    assert sending.base.resolving.sent(message_id, "default", STRANGE_SID, force=True) == "accepted"


def test_a_sid_is_one_messages_only(sending: WorkerRuntime, simulator: Simulator) -> None:
    sent(sending, DELIVERED)
    (taken,) = remote(simulator)
    message_id = doubtful(sending)
    with pytest.raises(NotAllowed, match="already"):
        sending.base.resolving.sent(message_id, "default", taken["sid"], force=True)


def test_while_twilio_is_away_only_a_persons_word_binds(make_runtime: RuntimeMaker) -> None:
    message_id = doubtful(make_runtime())
    away = make_runtime(TWILIO_API_BASE_URL="http://127.0.0.1:9")
    with pytest.raises(NotAllowed, match="does not tell now"):
        away.base.resolving.sent(message_id, "default", STRANGE_SID)
    assert away.base.resolving.sent(message_id, "default", STRANGE_SID, force=True) == "accepted"


def test_a_person_can_say_that_it_was_not_sent_and_then_it_is(sending: WorkerRuntime, simulator: Simulator) -> None:
    message_id = doubtful(sending, ANSWERED_500_NOT_CREATED)
    sending.base.resolving.not_sent(message_id, "default")
    shown = show(sending, message_id)
    assert (shown["status"], row(sending, message_id, "live_from")) == ("pending", (2,))
    assert [(one["outcome"], one["explanation"]) for one in shown["attempts"]] == [
        ("not_sent", "settled by the operator")
    ]
    assert (last_event(sending, message_id)["source"], last_event(sending, message_id)["moved"]) == ("operator", True)
    drain(sending)
    assert len(creates(simulator)) == 2
    assert broken_rules(sending) == {}


def test_evidence_beats_a_persons_word(sending: WorkerRuntime, simulator: Simulator) -> None:
    message_id = doubtful(sending)
    sending.base.resolving.not_sent(message_id, "default")
    sending.following.apply([report(message_id, "delivered", attempt=1)])
    drain(sending)
    assert statuses(sending, [message_id]) == ["delivered"]
    assert len(creates(simulator)) == 1
    assert broken_rules(sending) == {}


def test_only_what_is_in_doubt_can_be_resolved(sending: WorkerRuntime) -> None:
    (message_id,) = sent(sending, DELIVERED)
    with pytest.raises(NotAllowed, match="accepted"):
        sending.base.resolving.not_sent(message_id, "default")
    with pytest.raises(NotAllowed, match="accepted"):
        sending.base.resolving.sent(message_id, "default", STRANGE_SID, force=True)


def test_what_is_no_message_or_no_sid_is_said_to_be_none(sending: WorkerRuntime) -> None:
    with pytest.raises(NotFound):
        sending.base.resolving.not_sent(new_message_id(), "default")
    message_id = doubtful(sending)
    with pytest.raises(NotFound):
        sending.base.resolving.not_sent(message_id, "acme")
    with pytest.raises(InvalidInput, match="sid"):
        sending.base.resolving.sent(message_id, "default", "SM123")


def test_a_nameless_callback_that_came_first_is_applied_once_its_sid_is_bound(
    sending: WorkerRuntime, simulator: Simulator
) -> None:
    message_id = doubtful(sending)
    (theirs,) = remote(simulator)
    sending.following.apply([nameless(message_id, "delivered", sid=theirs["sid"])])
    assert statuses(sending, [message_id]) == ["unconfirmed"]
    ask_everything(sending)
    sending.sweep.run()
    assert statuses(sending, [message_id]) == ["delivered"]


def test_python_resolves_as_the_shell_does(sending: WorkerRuntime, simulator: Simulator) -> None:
    found, lost = doubtful(sending), doubtful(sending, ANSWERED_500_NOT_CREATED)
    until_at_twilio(simulator, "delivered")
    with Pipeline(sending.base.settings) as pipeline:
        pipeline.resolve(str(found), sent=remote(simulator)[0]["sid"])
        pipeline.resolve(lost)
        assert [pipeline.show(one)["status"] for one in (found, lost)] == ["delivered", "pending"]
        with pytest.raises(NotAllowed):
            pipeline.resolve(lost)
        pipeline.cancel(lost)
        assert pipeline.show(lost)["status"] == "canceled"
