"""The guard against machines that answer each other: so many answers in a window, and no number in Redis."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from cryptography.fernet import Fernet
from fakeredis import FakeRedis

from messaging_pipeline.answering.loop_guard import LoopGuard
from messaging_pipeline.clock import ManualClock
from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.keywords.hearing import Heard, hear
from messaging_pipeline.sealing import Sealer
from tests.support.factories import settings

PERSON = "+14155550123"


@pytest.fixture
def redis() -> Iterator[FakeRedis]:
    with FakeRedis() as redis:
        yield redis


@pytest.fixture
def guard(redis: FakeRedis, clock: ManualClock) -> LoopGuard:
    return LoopGuard.of(redis, Sealer([Fernet.generate_key().decode()]), clock)


@pytest.fixture
def help_() -> Heard:
    """Somebody asks for help; three answers are let pass in ten minutes."""
    form = {"From": PERSON, "To": "+12065550100", "Body": "HELP"}
    return replace(hear(load_configuration(settings()), "default", form), most_answers=3)


def passed(guard: LoopGuard, heard: Heard, *sids: str) -> list[bool]:
    return [guard.lets_pass(heard, sid) for sid in sids]


def test_no_more_than_so_many_pass(guard: LoopGuard, help_: Heard) -> None:
    assert passed(guard, help_, "SM1", "SM2", "SM3", "SM4", "SM5") == [True, True, True, False, False]


def test_the_same_message_counts_once_and_is_answered_again(guard: LoopGuard, help_: Heard) -> None:
    assert passed(guard, help_, "SM1", "SM1", "SM2", "SM3", "SM4", "SM1") == [True] * 4 + [False, True]


def test_answers_pass_again_as_earlier_ones_leave_the_window(
    guard: LoopGuard, help_: Heard, clock: ManualClock
) -> None:
    passed(guard, help_, "SM1", "SM2")
    clock.advance(300)
    assert passed(guard, help_, "SM3", "SM4") == [True, False]
    clock.advance(301)
    assert passed(guard, help_, "SM5", "SM6", "SM7") == [True, True, False]


def test_others_are_counted_by_themselves(guard: LoopGuard, help_: Heard) -> None:
    passed(guard, help_, "SM1", "SM2", "SM3", "SM4")
    others = [
        replace(help_, number="+14155550124"),  # type: ignore[arg-type]
        replace(help_, service="other"),
        replace(help_, tenant="acme"),
    ]
    assert [guard.lets_pass(one, "SM5") for one in others] == [True] * 3


def test_redis_holds_no_number_and_forgets_after_the_window(guard: LoopGuard, help_: Heard, redis: FakeRedis) -> None:
    guard.lets_pass(help_, "SM1")
    (key,) = redis.keys()
    assert PERSON[1:] not in key.decode()
    assert 0 < redis.pttl(key) <= 600_000
