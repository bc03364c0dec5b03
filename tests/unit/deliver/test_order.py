"""Which priorities a batch serves first."""

from collections import Counter

from messaging_pipeline.deliver.order import USUAL_ORDER, Turns, order_of_batch
from messaging_pipeline.ids import ServiceKey


def test_high_goes_before_normal_before_bulk() -> None:
    assert order_of_batch(0) == USUAL_ORDER == (0, 1, 2)


def test_one_batch_in_ten_serves_bulk_first() -> None:
    first = Counter(order_of_batch(number)[0] for number in range(1000))
    assert first == {0: 900, 2: 100}


def test_every_batch_serves_every_priority() -> None:
    assert {frozenset(order_of_batch(number)) for number in range(20)} == {frozenset({0, 1, 2})}


def test_each_service_has_turns_of_its_own() -> None:
    turns, busy, quiet = Turns(), ServiceKey("busy"), ServiceKey("quiet")
    orders = [turns.next_order(busy) for _ in range(10)]
    assert [order[0] for order in orders] == [0] * 9 + [2]
    assert turns.next_order(quiet) == USUAL_ORDER
