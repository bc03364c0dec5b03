"""Twilio's own list of consent is told what is new, once, and what it refused again."""

import json
from collections.abc import Callable
from typing import Any
from urllib.request import urlopen

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.consent.pushing import BETWEEN_CALLS_SECONDS, Pushed, Pushing
from messaging_pipeline.consent.statements import enter_statements
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.twilio_api.remote_messages import AccountRefused
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import run_command
from tests.support.consenting import NUMBER, a_statement, number
from tests.support.factories import SERVICE_SID, environment
from tests.support.stand_in import Script, answering, refusing, stand_in

Push = Callable[[], Pushed]


@pytest.fixture
def pauses() -> list[float]:
    return []


@pytest.fixture
def push(sending: WorkerRuntime, clock: ManualClock, pauses: list[float]) -> Push:
    pushing = Pushing(sending.base.pool, clock, pauses.append)
    return lambda: pushing.push(sending.base.accounts.of("default"), "default", "default", SERVICE_SID)


def say(runtime: WorkerRuntime, clock: ManualClock, **changes: Any) -> None:
    clock.advance(1)
    statement = a_statement(said_at=clock.now(), **changes)
    enter_statements(runtime.base.pool, runtime.base.sealer, [statement], clock.now())


def known(simulator: Simulator) -> dict[str, tuple[str, str]]:
    """What Twilio holds: status and source by number."""
    with urlopen(f"{simulator.url}/simulator/state") as answer:
        return {one["contact_id"]: (one["status"], one["source"]) for one in json.load(answer)["consents"]}


def test_twilio_is_told_what_is_in_force_and_only_what_is_new(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock, push: Push
) -> None:
    say(sending, clock, change="granted", source="website")
    say(sending, clock, number=number(1), scope="*")
    say(sending, clock, number=number(2), scope="another")
    say(sending, clock, number=number(3), tenant="acme")
    assert (push().taken, known(simulator)) == (
        2,
        {NUMBER: ("opt-in", "website"), number(1): ("opt-out", "others")},
    )
    assert push() == Pushed()
    say(sending, clock, source="opt-out-message")
    assert (push().taken, known(simulator)[NUMBER]) == (1, ("opt-out", "opt-out-message"))


def test_many_go_in_several_calls_with_pauses_between(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock, push: Push, pauses: list[float]
) -> None:
    said = [a_statement(number=number(one), said_at=clock.now()) for one in range(51)]
    enter_statements(sending.base.pool, sending.base.sealer, said, clock.now())
    assert (push().taken, len(known(simulator))) == (51, 51)
    assert pauses == [BETWEEN_CALLS_SECONDS] * 2


def test_what_twilio_refuses_is_offered_again(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock, pauses: list[float]
) -> None:
    say(sending, clock)
    pushing = Pushing(sending.base.pool, clock, pauses.append)
    api = sending.base.accounts.of("default")
    assert pushing.push(api, "default", "default", "no sender").refused == {30646: 1}
    assert pushing.push(api, "default", "default", SERVICE_SID).taken == 1


def test_nothing_is_noted_when_twilio_does_not_take_it(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock, push: Push, pauses: list[float]
) -> None:
    wrong = make_runtime(TWILIO_AUTH_TOKEN="another token")
    say(wrong, clock)
    pushing = Pushing(wrong.base.pool, clock, pauses.append)
    refused = pushing.push(wrong.base.accounts.of("default"), "default", "default", SERVICE_SID)
    assert isinstance(refused.stopped, AccountRefused)
    assert (push().taken, len(known(simulator))) == (1, 1)


@pytest.mark.parametrize(
    ("script", "why"),
    [
        (answering(500), "Twilio, or something before it, answered HTTP 500"),
        (refusing(429, 20429), "it has too many requests of this account"),
        (refusing(403, 20003), "it refuses this account (20003, HTTP 403)"),
        (refusing(404, 20404), "it has no list of consent for this account"),
    ],
)
def test_an_operator_reads_in_a_sentence_why_twilio_took_no_more(
    sending: WorkerRuntime, clock: ManualClock, database_url: str, redis_url: str, script: Script, why: str
) -> None:
    say(sending, clock)
    with stand_in(script) as server:
        given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, TWILIO_API_BASE_URL=server.url)
        ended = run_command(given, "consent", "push-to-twilio", "--service", "default")
    assert (ended.code, ended.out) == (1, "0 taken, 0 refused\n")
    assert ended.err == f"Twilio took no more: {why}; run this again later\n"
