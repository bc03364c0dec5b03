"""Postgres goes away between a commit and its answer: nothing is doubled, and nothing is in doubt that is not."""

import psycopg
import pytest

from messaging_pipeline.deliver.attempts import Closing, Opening
from messaging_pipeline.deliver.book import Book, _Written
from messaging_pipeline.simulator.running import Simulator
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.delivering import creates, drain, show
from tests.support.factories import a_send
from tests.support.with_book import with_book

PRICED = """
[prices]
unit = "USD"
to.US = { segment = 0.25 }

[tenants.default.spend]
per_day = 10
"""


class Deaf(Book):
    """Does not hear of one of its commits; of which is counted down."""

    deaf_to: list[int]

    def _write(self, closing: Closing | None, opening: Opening | None) -> _Written:
        written = super()._write(closing, opening)
        self.deaf_to[0] -= 1
        if self.deaf_to[0] == 0:
            raise psycopg.OperationalError
        return written


@pytest.mark.parametrize("deaf_to", [1, 2, 3])
@pytest.mark.parametrize("limits", ["", PRICED])
def test_every_message_leaves_once(make_runtime: RuntimeMaker, simulator: Simulator, deaf_to: int, limits: str) -> None:
    runtime = make_runtime(QUICK_SERVICE + limits)
    ids = [runtime.base.accepting.accept(a_send(to=f"+1415{2_000_000 + one}")) for one in range(2)]
    drain(with_book(runtime, Deaf, deaf_to=[deaf_to]))
    assert [show(runtime, one)["status"] for one in ids] == ["accepted"] * 2
    assert len(creates(simulator)) == 2
