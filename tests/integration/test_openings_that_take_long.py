"""A request whose opening took long does not leave: by then its line, its tokens, its claim may be somebody else's."""

from dataclasses import dataclass, field, replace

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.deliver.attempts import Attempt
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.ids import TenantKey
from messaging_pipeline.services.lines import Line
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.spending.allowance import Allowance
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.delivering import creates, drain, run_lanes, show
from tests.support.factories import a_send
from tests.support.with_book import with_book


@dataclass
class Hand:
    """A monotonic clock that stands still but for what is told to take time."""

    seconds: float = 1000.0

    def __call__(self) -> float:
        return self.seconds


class SlowBook(Book):
    """Its commits take as long as the test says."""

    hand: Hand
    takes_seconds: float

    def open(self, message: ClaimedMessage, allowance: Allowance | None = None) -> Attempt | None:
        self.hand.seconds += self.takes_seconds
        return super().open(message, allowance)


def with_slow_book(runtime: WorkerRuntime, takes_seconds: float) -> WorkerRuntime:
    """The same worker, at a Postgres that takes its time."""
    hand = Hand()
    slow = with_book(runtime, SlowBook, hand=hand, takes_seconds=takes_seconds)
    return replace(slow, lane=replace(slow.lane, monotonic=hand))


@dataclass
class Lapsing(Line):
    """A line that is held when the message is looked at, and lost when its request is to leave."""

    answers: list[bool] = field(default_factory=lambda: [True, False])

    def is_held(self) -> bool:
        return self.answers.pop(0)


@dataclass
class OnlyLine:
    line: Line

    def one_of(self, tenant: TenantKey) -> Line:
        return self.line


@pytest.mark.parametrize("cause", ["tokens", "line"])
def test_it_comes_again_and_nothing_is_in_doubt(
    sending: WorkerRuntime, simulator: Simulator, clock: ManualClock, cause: str
) -> None:
    late = with_slow_book(sending, 2.5)
    if cause == "line":
        late = replace(sending, lane=replace(sending.lane, lines=OnlyLine(Lapsing(None, 0))))
    message_id = sending.base.accepting.accept(a_send())
    run_lanes(late, rounds=10)
    shown = show(sending, message_id)
    assert creates(simulator) == []
    assert (shown["status"], [one["outcome"] for one in shown["attempts"]]) == ("pending", ["not_sent"])
    clock.advance(60)
    drain(sending)
    assert len(creates(simulator)) == 1


def test_one_that_took_no_longer_than_tokens_live_leaves(sending: WorkerRuntime, simulator: Simulator) -> None:
    sending.base.accepting.accept(a_send())
    drain(with_slow_book(sending, 1.5))
    assert len(creates(simulator)) == 1
