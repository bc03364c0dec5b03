"""Which message at Twilio is which attempt: bound when there is no other way to see it, and left alone otherwise."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import strategies as st

from messaging_pipeline.reconcile.match import Candidate, Doubtful, Matched, body_mark, match
from tests.support.properties import given

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SERVICE = "MG" + "b" * 32


def attempt(number: int = 1, at: float = 0, body: str = "Hello", **changes: Any) -> Doubtful:
    plain = Doubtful(UUID(int=number), 1, NOON + timedelta(seconds=at), body_mark(body), has_media=False)
    return replace(plain, **changes)


def candidate(number: int = 1, at: float = 0, body: str = "Hello", **changes: Any) -> Candidate:
    plain = Candidate(f"SM{number:032x}", NOON + timedelta(seconds=at), body_mark(body), has_media=False)
    return replace(plain, **changes)


def pairs(matched: Matched) -> list[tuple[int, int]]:
    return sorted((ours.message_id.int, int(theirs.sid.removeprefix("SM"), 16)) for ours, theirs in matched.bound)


def test_one_attempt_and_one_message_that_say_the_same_are_bound() -> None:
    assert pairs(match([attempt(1)], [candidate(7)])) == [(1, 7)]


def test_nothing_at_twilio_binds_nothing_and_decides_nothing() -> None:
    assert match([attempt(1)], []) == Matched((), frozenset())


@pytest.mark.parametrize(
    "other",
    [
        candidate(body="Goodbye"),
        candidate(at=-301),
        candidate(at=601),
        candidate(has_media=True),
        candidate(service_sid="MG" + "c" * 32),
        candidate(service_sid=None, from_number="+15005550006"),
        candidate(service_sid=SERVICE, from_number="+15005550099"),
    ],
    ids=["text", "before", "after", "media", "service", "no service", "sender"],
)
def test_a_message_that_differs_is_not_ours(other: Candidate) -> None:
    ours = attempt(service_sid=SERVICE, from_number="+15005550006")
    assert match([ours], [other]) == Matched((), frozenset())


def test_what_twilio_does_not_say_speaks_against_nothing() -> None:
    assert pairs(match([attempt(service_sid=SERVICE)], [candidate(service_sid=SERVICE, from_number=None)])) == [(1, 1)]


def test_the_same_text_by_a_service_and_by_a_number_is_told_apart() -> None:
    ours = [attempt(1, service_sid=SERVICE), attempt(2, from_number="+15005550006")]
    theirs = [candidate(10, service_sid=SERVICE, from_number="+15005550099"), candidate(20, from_number="+15005550006")]
    assert pairs(match(ours, theirs)) == [(1, 10), (2, 20)]


def test_smart_encoding_at_twilio_does_not_hide_a_message() -> None:
    assert pairs(match([attempt(body="It\u2019s ready \u2013 come")], [candidate(body="It's ready - come")])) == [
        (1, 1)
    ]


def test_equal_numbers_that_cannot_be_told_apart_are_bound_in_order_of_time() -> None:
    attempts = [attempt(2, at=20), attempt(1, at=10), attempt(3, at=30)]
    candidates = [candidate(30, at=31), candidate(10, at=12), candidate(20, at=25)]
    assert pairs(match(attempts, candidates)) == [(1, 10), (2, 20), (3, 30)]


def test_one_message_of_a_message_that_was_sent_again_in_doubt_goes_to_its_newest_attempt() -> None:
    attempts = [attempt(1, at=0), attempt(1, at=36, attempt=2)]
    (pair,) = match(attempts, [candidate(7, at=37)]).bound
    assert (pair[0].attempt, pair[1].sid) == (2, candidate(7).sid)
    assert match(attempts, [candidate(7, at=37)]).undecided == frozenset()


def test_more_messages_than_a_message_has_attempts_are_left_undecided() -> None:
    matched = match([attempt(1), attempt(1, attempt=2)], [candidate(n) for n in range(3)])
    assert matched.bound == ()
    assert matched.undecided == {(UUID(int=1), 1), (UUID(int=1), 2)}


def test_attempts_of_two_messages_for_one_at_twilio_are_left_undecided() -> None:
    matched = match([attempt(1), attempt(1, attempt=2), attempt(2)], [candidate(7)])
    assert matched.bound == ()
    assert len(matched.undecided) == 3


@pytest.mark.parametrize(("ours", "theirs"), [(2, 1), (1, 2), (3, 2)])
def test_unequal_numbers_are_left_undecided(ours: int, theirs: int) -> None:
    matched = match([attempt(n) for n in range(ours)], [candidate(n) for n in range(theirs)])
    assert matched.bound == ()
    assert matched.undecided == {(UUID(int=n), 1) for n in range(ours)}


def test_a_message_that_only_some_of_them_can_have_made_leaves_all_undecided() -> None:
    early, late = attempt(1, at=0), attempt(2, at=500)
    matched = match([early, late], [candidate(1, at=10), candidate(2, at=400)])
    assert (matched.bound, len(matched.undecided)) == ((), 2)


def test_other_texts_to_the_same_person_do_not_disturb() -> None:
    attempts = [attempt(1, body="One"), attempt(2, body="Two"), attempt(3, body="Two")]
    candidates = [candidate(1, body="One"), candidate(2, body="Two")]
    matched = match(attempts, candidates)
    assert pairs(matched) == [(1, 1)]
    assert matched.undecided == {(UUID(int=2), 1), (UUID(int=3), 1)}


def test_an_attempt_whose_answer_is_awaited_may_own_the_message_and_is_not_bound() -> None:
    awaiting = attempt(2, may_be_bound=False)
    assert match([attempt(1), awaiting], [candidate(1)]).bound == ()
    assert match([awaiting], [candidate(1)]).bound == ()


def test_an_attempt_whose_text_nobody_can_read_may_own_anything() -> None:
    unreadable = attempt(2, body_mark=None, may_be_bound=False)
    matched = match([attempt(1), unreadable], [candidate(1)])
    assert (matched.bound, len(matched.undecided)) == ((), 2)


doubtful = st.builds(
    attempt,
    st.integers(1, 50),
    at=st.integers(0, 2000),
    body=st.sampled_from(["One", "Two"]),
    service_sid=st.sampled_from([None, SERVICE]),
)
found = st.builds(
    candidate,
    st.integers(1, 50),
    at=st.integers(0, 2000),
    body=st.sampled_from(["One", "Two"]),
    service_sid=st.sampled_from([None, SERVICE, "MG" + "c" * 32]),
)
attempts_of_one = st.lists(doubtful, max_size=6, unique_by=lambda one: one.message_id)
candidates_of_one = st.lists(found, max_size=6, unique_by=lambda one: one.sid)


@given(attempts_of_one, candidates_of_one)
def test_nothing_is_bound_twice_and_only_what_fits(attempts: list[Doubtful], candidates: list[Candidate]) -> None:
    bound = match(attempts, candidates).bound
    assert len({ours.message_id for ours, _ in bound}) == len({theirs.sid for _, theirs in bound}) == len(bound)
    assert all(match([ours], [theirs]).bound for ours, theirs in bound)


@given(attempts_of_one, candidates_of_one, st.randoms(use_true_random=False))
def test_the_order_in_which_they_are_read_does_not_matter(
    attempts: list[Doubtful], candidates: list[Candidate], random: Any
) -> None:
    before = match(attempts, candidates)
    random.shuffle(attempts)
    random.shuffle(candidates)
    after = match(attempts, candidates)
    assert (set(after.bound), after.undecided) == (set(before.bound), before.undecided)


@given(attempts_of_one, candidates_of_one)
def test_what_is_bound_is_not_undecided(attempts: list[Doubtful], candidates: list[Candidate]) -> None:
    matched = match(attempts, candidates)
    assert not {(ours.message_id, ours.attempt) for ours, _ in matched.bound} & matched.undecided
