"""RabbitMQ hangs up, goes away and hangs: nothing is lost, nothing doubled, and no process has to be restarted."""

from collections.abc import Iterator

import pytest

from messaging_pipeline.stack.local import LocalStack
from tests.plugins.stacks import RABBITMQ
from tests.support.cuttable_proxy import CuttableProxy
from tests.support.waiting import eventually
from tests.support.witness import DELIVERED, STRANGER, Witness, witness_of, works_again

pytestmark = pytest.mark.parametrize("stack", [RABBITMQ], indirect=True)

WORKERS = ("deliver", "events")


@pytest.fixture
def witness(stack: LocalStack) -> Iterator[Witness]:
    """Sees at the end that no process of ours has ended."""
    with witness_of(stack) as it:
        yield it
    assert stack.first_failure() is None


def test_connections_that_are_closed_again_and_again_are_made_again(
    witness: Witness, proxy_to_rabbitmq: CuttableProxy
) -> None:
    sent = witness.send(100, service="burst")
    for cut in range(1, 4):
        witness.wait_until_created(sent, at_least=20 * cut)
        assert proxy_to_rabbitmq.cut() > 0
    witness.wait_until_created(sent)
    assert witness.sent_twice(sent) == {}
    works_again(witness)


def test_a_rabbitmq_that_is_away_is_taken_up_again_by_everybody(
    witness: Witness, proxy_to_rabbitmq: CuttableProxy, stack: LocalStack
) -> None:
    tries = {worker: tries_of(stack, worker) for worker in WORKERS}
    before = witness.send(40, service="burst")
    witness.wait_until_created(before, at_least=1)
    with proxy_to_rabbitmq.closed():
        during = witness.send(5)
        assert witness.callback(STRANGER, "sent") == 503
        for worker in WORKERS:
            eventually(lambda worker=worker: tries_of(stack, worker) >= tries[worker] + 2, f"{worker} trying again")
        assert witness.callback(STRANGER, "sent") == 503
    sent = before | during
    witness.wait_until_created(sent)
    assert witness.sent_twice(sent) == {}
    works_again(witness)


def test_a_rabbitmq_that_hangs_is_waited_for_by_nobody(witness: Witness, proxy_to_rabbitmq: CuttableProxy) -> None:
    before = witness.send(40, service="burst")
    with proxy_to_rabbitmq.stalled():
        assert witness.callbacks(40, STRANGER, "sent") == {503}
        during = witness.send(5)
    sent = before | during
    witness.wait_until_created(sent)
    assert witness.sent_twice(sent) == {}
    works_again(witness)


def test_while_messages_are_under_way_a_closed_connection_loses_no_callback_that_was_taken(
    witness: Witness, proxy_to_rabbitmq: CuttableProxy
) -> None:
    """RabbitMQ keeps what it has confirmed: what was at work in a worker is handed out again."""
    sent = witness.send(40)
    witness.wait_until_created(sent)
    proxy_to_rabbitmq.cut()
    assert witness.wait_until(sent, DELIVERED)["delivered"] == len(sent)
    assert witness.sent_twice(sent) == {}


def tries_of(stack: LocalStack, worker: str) -> int:
    return stack.process(worker).log.read_text().count("Trying again in")
