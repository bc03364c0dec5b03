"""A message that has not left says what it waits for, in the shell and in Python."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis

from messaging_pipeline import Pipeline
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.services import steer
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.commands import run_command
from tests.support.delivering import DEFAULT, drain
from tests.support.factories import a_send, configuration_file, environment, settings

ALERTS = ServiceKey("alerts")
TWO_SERVICES = f'{QUICK_SERVICE}[services.alerts]\nfrom_number = "+15005550006"\nsegments_per_second = 1\n'

Show = Callable[[MessageId], list[str]]


@pytest.fixture
def both(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """A runtime that knows the services `default` and `alerts`."""
    return make_runtime(TWO_SERVICES)


def accepted(runtime: WorkerRuntime, **send: Any) -> MessageId:
    return runtime.base.accepting.accept(a_send(**send))


def waits(runtime: WorkerRuntime, message_id: MessageId) -> str | None:
    base = runtime.base
    base.board.forget()
    told: str | None = base.waiting.told(base.tracing.message(message_id))["waits"]
    return told


def test_a_stopped_service_is_named_with_its_reason_and_the_cure(both: WorkerRuntime) -> None:
    message_id = accepted(both)
    steer.pause(both.base.pool, DEFAULT, both.base.clock.now())
    assert waits(both, message_id) == (
        "the service is paused (paused by an operator); messaging-pipeline services resume default"
    )
    steer.resume(both.base.pool, DEFAULT, both.base.clock.now())
    with both.base.pool.connection() as connection:
        steer.hold(connection, DEFAULT, "Twilio did not accept the credentials", 20003, both.base.clock.now())
    assert waits(both, message_id) == (
        "the service is held (Twilio did not accept the credentials); messaging-pipeline services resume default"
    )


def test_one_for_later_says_when(both: WorkerRuntime) -> None:
    due_at = both.base.clock.now() + timedelta(hours=5)
    assert waits(both, accepted(both, send_at=due_at.isoformat())) == f"until {due_at:%Y-%m-%d %H:%M:%S} UTC"


def test_a_part_of_a_conversation_names_the_part_before_it(both: WorkerRuntime) -> None:
    first, second = (accepted(both, sequence="talk") for _ in range(2))
    assert waits(both, second) == f"until message {first} has left, which is before it in its sequence"


def test_a_service_that_the_file_does_not_name_is_named(both: WorkerRuntime, make_runtime: RuntimeMaker) -> None:
    message_id = accepted(both, service="alerts")
    assert waits(make_runtime(), message_id) == (
        "messaging.toml declares no service 'alerts'; declare it and restart the workers"
    )


def test_a_service_that_a_worker_does_not_know_is_named_until_none_is_woken_for_it(
    both: WorkerRuntime, make_runtime: RuntimeMaker, redis_url: str
) -> None:
    message_id = accepted(both, service="alerts")
    assert waits(both, message_id) is None
    make_runtime().lane.run(ALERTS)
    assert waits(both, message_id) == (
        "a worker does not know the service 'alerts'; restart the workers with a messaging.toml that declares it"
    )
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.pttl("mp:disowned:alerts") <= 30_000


def test_each_sweep_says_again_which_services_its_worker_does_not_know(
    both: WorkerRuntime, make_runtime: RuntimeMaker, redis_url: str
) -> None:
    message_id = accepted(both, service="alerts")
    accepted(both)
    both.sweep.run()
    assert waits(both, message_id) is None
    make_runtime().sweep.run()
    assert "a worker does not know the service 'alerts'" in str(waits(both, message_id))
    with redis.Redis.from_url(redis_url) as client:
        assert client.keys("mp:disowned:*") == [b"mp:disowned:alerts"]


def test_one_behind_others_says_how_many_go_first(both: WorkerRuntime, clock: ManualClock) -> None:
    first = accepted(both, priority="bulk")
    accepted(both, service="alerts")
    clock.advance(1)
    last = accepted(both, priority="bulk")
    clock.advance(1)
    accepted(both)
    accepted(both, send_at=(clock.now() + timedelta(hours=1)).isoformat())
    assert waits(both, last) == "for its turn: 2 message(s) of the service go before it"
    assert waits(both, first) == "for its turn: 1 message(s) of the service go before it"


def test_one_that_nobody_takes_sends_people_to_the_workers(both: WorkerRuntime, clock: ManualClock) -> None:
    message_id = accepted(both)
    clock.advance(29)
    assert waits(both, message_id) is None
    clock.advance(1)
    assert waits(both, message_id) == (
        "for a worker: none is before it; see that workers run, and that no daily cap is reached"
    )


def test_what_has_left_waits_for_nothing(both: WorkerRuntime) -> None:
    message_id = accepted(both)
    drain(both)
    assert waits(both, message_id) is None


def test_redis_may_be_away_when_one_looks(make_runtime: RuntimeMaker) -> None:
    message_id = accepted(make_runtime())
    assert waits(make_runtime(REDIS_URL="redis://127.0.0.1:9/0"), message_id) is None


def test_the_shell_and_python_say_it(database_url: str, redis_url: str, tmp_path: Path) -> None:
    path = configuration_file(tmp_path, QUICK_SERVICE)
    servers = {"DATABASE_URL": database_url, "REDIS_URL": redis_url, "MESSAGING_CONFIG": path}
    surroundings = environment(**servers)
    sent = run_command(surroundings, "send", "+14155550123", "Hi")
    message_id = UUID(sent.out.strip())
    run_command(surroundings, "services", "pause", "default")
    why = "the service is paused (paused by an operator); messaging-pipeline services resume default"
    shown = run_command(surroundings, "messages", "show", str(message_id))
    assert shown.lines[4:6] == ["status    pending", f"waits     {why}"]
    assert run_command(surroundings, "messages", "show", str(message_id), "--json").json["waits"] == why
    with Pipeline(settings(**servers)) as pipeline:
        assert pipeline.show(message_id)["waits"] == why
