"""The schedule of a run of faults follows from its seed, and so do the messages."""

from collections import Counter

import pytest

from messaging_pipeline.accept.request import ARGUMENTS
from tests.faults import orders, schedule
from tests.faults.enactment import SPELLS, Enactment
from tests.faults.options import parse
from tests.faults.schedule import DELIVER_WORKERS, EVENTS_WORKERS, PROCESSES

SEEDS = (0, 1, 7, 2**31 - 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_seed_draws_the_same_run(seed: int) -> None:
    assert schedule.draw(seed, 120.0) == schedule.draw(seed, 120.0)
    drawn = orders.draw(seed, 300, 60.0, arguments=ARGUMENTS)
    assert drawn == orders.draw(seed, 300, 60.0, arguments=ARGUMENTS)


def test_another_seed_draws_another_run() -> None:
    assert schedule.draw(1, 120.0) != schedule.draw(2, 120.0)
    first, second = (orders.draw(seed, 50, 60.0, arguments=ARGUMENTS) for seed in (1, 2))
    assert {order.id for order in first}.isdisjoint(order.id for order in second)


@pytest.mark.parametrize("seed", SEEDS)
def test_a_long_run_leaves_out_no_fault(seed: int) -> None:
    acts = Counter((act.verb, act.target) for act in schedule.draw(seed, 180.0))
    for worker in (*DELIVER_WORKERS, *EVENTS_WORKERS, "webhooks", "beat"):
        assert acts["kill", worker]
        assert acts["term", worker]
    for target in ("redis", "redis-empty", "postgres-fast", "postgres-immediate"):
        assert acts["restart", target]
    for spell in SPELLS:
        assert acts["spell", spell]
    assert acts["flush", "redis"]
    assert acts["shut", "api"]
    assert {("pause", "offers"), ("resume", "offers"), ("rate", "alerts"), ("release", "wrong")} <= acts.keys()


@pytest.mark.parametrize("seed", SEEDS)
def test_a_short_run_kills_wipes_and_restarts_as_well(seed: int) -> None:
    verbs = {act.verb for act in schedule.draw(seed, 25.0, full=False)}
    assert {"kill", "term", "flush", "restart", "shut", "spell"} <= verbs


@pytest.mark.parametrize("seed", SEEDS)
def test_acts_come_in_their_order_and_can_all_be_done(seed: int) -> None:
    acts = schedule.draw(seed, 180.0)
    assert [act.at for act in acts] == sorted(act.at for act in acts)
    assert {act.target for act in acts if act.verb in {"kill", "term"}} <= set(PROCESSES)
    assert all(hasattr(Enactment, f"_{act.verb}") for act in acts)


def test_a_rolling_restart_asks_everybody_once() -> None:
    acts = schedule.draw(3, 180.0)
    asked = Counter(act.target for act in acts if act.verb == "term" and act.amount == 0.1)
    assert all(asked[name] == 1 for name in PROCESSES)


@pytest.mark.parametrize("seed", SEEDS)
def test_orders_are_as_many_as_asked_for_and_of_every_kind(seed: int) -> None:
    drawn = orders.draw(seed, 5000, 180.0, arguments=ARGUMENTS)
    assert len(drawn) == 5000
    assert len({order.id for order in drawn}) == 5000
    rare = {name for name, kind in orders.KINDS.items() if kind.per_mille < 1}
    assert {order.kind for order in drawn} | rare == {*orders.KINDS, "plain", "held", "wrong-sender"}
    assert {order.by for order in drawn} == {"celery", "pipeline"}
    assert {order.arguments["priority"] for order in drawn} == {"high", "normal", "bulk"}
    assert all(order.arguments.keys() <= ARGUMENTS for order in drawn)
    assert all(0.0 <= order.at <= 180.0 for order in drawn)


def test_people_are_written_to_by_one_message_or_conversation() -> None:
    magic = {kind.to for kind in orders.KINDS.values() if kind.to}
    to = Counter(
        order.arguments["to"]
        for order in orders.draw(5, 2000, 60.0, arguments=ARGUMENTS)
        if order.kind != "conversation" and order.arguments["to"] not in magic
    )
    assert set(to.values()) == {1}


def test_a_stop_comes_before_the_message_it_forbids() -> None:
    stopped = [order for order in orders.draw(5, 5000, 180.0, arguments=ARGUMENTS) if order.stop_at is not None]
    assert stopped
    assert all(order.stop_at is not None and order.stop_at < order.at * 0.6 for order in stopped)


def test_the_command_to_replay_names_what_is_not_as_usual() -> None:
    assert parse(["--seed", "4"]).command() == "python -m tests.faults --seed 4"
    assert parse(["--seed", "4", "--quick"]).command() == "python -m tests.faults --seed 4 --quick"
    again = parse(parse(["--seed", "4", "--messages", "70"]).command().split()[3:])
    assert (again.seed, again.messages) == (4, 70)


def test_without_a_seed_one_is_drawn() -> None:
    assert len({parse([]).seed for _ in range(5)}) > 1
