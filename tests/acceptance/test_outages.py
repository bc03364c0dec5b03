"""Each server goes away, and comes back: nothing is lost, nothing doubled, and no process has to be restarted."""

import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from uuid import UUID

import psycopg
import pytest
from psycopg_pool import PoolTimeout
from redis import Redis

from messaging_pipeline.stack.embedded import Postgres, Valkey
from messaging_pipeline.stack.local import LocalStack
from tests.plugins.stacks import BREAKABLE, run_command
from tests.support.rate_bound import most_above_rate
from tests.support.waiting import eventually
from tests.support.witness import DELIVERED, STRANGER, Witness, witness_of, works_again

pytestmark = BREAKABLE

RATE, BURST = 20, 20
TOKEN_LIFETIME_SECONDS = 2
WIPES = 4
DELIVER_THREADS = 16
AT_TWILIO = frozenset({"accepted", "queued", "sending", "sent", "delivered"})


@pytest.fixture
def valkey(breakable_stack: LocalStack) -> Valkey:
    assert breakable_stack.servers.valkey is not None
    return breakable_stack.servers.valkey


@pytest.fixture
def postgres(breakable_stack: LocalStack) -> Postgres:
    assert breakable_stack.servers.postgres is not None
    return breakable_stack.servers.postgres


@pytest.fixture
def witness(breakable_stack: LocalStack) -> Iterator[Witness]:
    """Sees at the end that no process of ours has ended."""
    with witness_of(breakable_stack) as it:
        yield it
    assert breakable_stack.first_failure() is None


@contextmanager
def without(server: Valkey | Postgres, number: signal.Signals = signal.SIGKILL) -> Iterator[None]:
    """End a server, and start it again on the same data and at the same address."""
    server.crash(number)
    try:
        yield
    finally:
        server.start_again()


@contextmanager
def hanging(server: Valkey) -> Iterator[None]:
    """Let a server hang: it is there, and says nothing."""
    os.kill(server.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(server.pid, signal.SIGCONT)


def test_a_broker_that_is_wiped_again_and_again_costs_nothing_but_time(witness: Witness, valkey: Valkey) -> None:
    """Everything goes out once, and no wipe gives a burst away."""
    sent = witness.send(6 * RATE, service="burst")
    with Redis.from_url(valkey.url) as redis:
        for wipe in range(1, WIPES + 1):
            witness.wait_until_created(sent, at_least=wipe * BURST // 2)
            redis.flushall()
    witness.wait_until_created(sent)
    assert witness.sent_twice(sent) == {}
    assert most_above_rate(witness.uses(sent), RATE) <= BURST + RATE * TOKEN_LIFETIME_SECONDS
    witness.wait_until(sent, AT_TWILIO)
    works_again(witness)


def test_a_broker_that_comes_back_empty_is_taken_up_again_by_everybody(
    witness: Witness, valkey: Valkey, breakable_stack: LocalStack
) -> None:
    before = witness.send(2 * RATE, service="burst")
    witness.wait_until_created(before, at_least=1)
    with without(valkey):
        during = witness.send(5)
        assert witness.callback(STRANGER, "sent") == 503
        for worker in ("deliver", "events"):
            log = breakable_stack.process(worker).log
            eventually(lambda log=log: log.read_text().count("Trying again in") >= 3, f"{worker} trying again")
        assert witness.callback(STRANGER, "sent") == 503
        during |= witness.send(5)
        shutil.rmtree(valkey.data / "appendonlydir")
    sent = before | during
    witness.wait_until_created(sent)
    assert witness.sent_twice(sent) == {}
    works_again(witness)


def test_a_broker_that_hangs_is_waited_for_by_nobody(witness: Witness, valkey: Valkey) -> None:
    """Each call ends within the time that Twilio gives a webhook; the test's own client waits no longer."""
    before = witness.send(2 * RATE, service="burst")
    with hanging(valkey):
        assert witness.callbacks(40, STRANGER, "sent") == {503}
        during = witness.send(5)
    sent = before | during
    witness.wait_until_created(sent)
    assert witness.sent_twice(sent) == {}
    works_again(witness)


def test_while_postgres_is_away_accepting_fails_loudly_and_callbacks_are_taken(
    witness: Witness, postgres: Postgres, breakable_stack: LocalStack
) -> None:
    sent = witness.send(40)
    witness.wait_until_created(sent, at_least=20)
    with without(postgres, signal.SIGQUIT):
        with pytest.raises((psycopg.OperationalError, PoolTimeout)):
            witness.send(1)
        refused = run_command(breakable_stack, "send", "+14155550107", "hi")
        assert (refused.returncode, refused.stdout) == (3, "")
        assert "DATABASE_URL" in refused.stderr
        assert witness.callback(STRANGER, "sent") == 204
    at_most_one_for_each_thread_is_in_doubt(witness, sent)
    works_again(witness)


def test_a_killed_sender_leaves_at_most_one_message_for_each_thread_in_doubt(
    witness: Witness, breakable_stack: LocalStack
) -> None:
    sender = breakable_stack.process("deliver")
    witness.twilio.set_faults(latency_ms=300)
    sent = witness.send(120)
    witness.wait_until_created(sent, at_least=40)
    sender.crash()
    witness.twilio.set_faults(latency_ms=0)
    sender.start_again()
    at_most_one_for_each_thread_is_in_doubt(witness, sent)
    works_again(witness)


def test_a_rolling_restart_under_load_loses_doubles_and_doubts_nothing(
    witness: Witness, breakable_stack: LocalStack
) -> None:
    witness.twilio.set_faults(latency_ms=300)
    sent = witness.send(120)
    witness.wait_until_created(sent, at_least=20)
    for name in ("deliver", "events", "beat"):
        replaced(breakable_stack, name)
    witness.twilio.set_faults(latency_ms=0)
    witness.wait_until(sent, DELIVERED)
    assert (witness.doubted(sent), witness.never_sent(sent), witness.sent_twice(sent)) == (set(), set(), {})


def test_callbacks_that_came_while_the_only_webhooks_were_replaced_are_asked_for(
    witness: Witness, breakable_stack: LocalStack
) -> None:
    """Two behind a proxy miss none (contract/test_webhooks_behind_nginx.py); one does, for as long as it is away."""
    sent = witness.send(120)
    witness.wait_until_created(sent, at_least=20)
    replaced(breakable_stack, "webhooks")
    witness.wait_until_created(sent)

    def all_have_arrived_once_twilio_was_asked() -> bool:
        asked = run_command(breakable_stack, "reconcile")
        return asked.returncode == 0 and set(witness.statuses(sent)) == DELIVERED

    eventually(all_have_arrived_once_twilio_was_asked, "all delivered", 90, instead=lambda: witness.statuses(sent))
    assert (witness.doubted(sent), witness.never_sent(sent), witness.sent_twice(sent)) == (set(), set(), {})
    works_again(witness)


def replaced(stack: LocalStack, name: str) -> None:
    """Let a process end as a deployment does, and start the next one."""
    process = stack.process(name)
    process.stop()
    assert process.exit_status == 0, f"{name} ended in good order, within its grace"
    process.start_again()


def at_most_one_for_each_thread_is_in_doubt(witness: Witness, sent: Mapping[UUID, str]) -> None:
    """Doubt that is justified stays: an attempt was written down, and nobody saw its request leave or not."""
    witness.wait_until(sent, DELIVERED | {"unconfirmed"})
    never_left = witness.never_sent(sent)
    assert len(witness.doubted(sent) | never_left) <= DELIVER_THREADS
    witness.wait_until({message_id: to for message_id, to in sent.items() if message_id not in never_left}, DELIVERED)
    assert witness.sent_twice(sent) == {}
