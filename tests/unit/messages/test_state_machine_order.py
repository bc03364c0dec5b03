"""Whatever order evidence comes in, and however often, it ends in the same place."""

import random
from itertools import pairwise

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from messaging_pipeline.messages.state_machine import (
    OUR_MOVES,
    RANK,
    REPORTABLE,
    Event,
    Standing,
    Status,
    replay,
    step,
)

#: A machine that is busy with something else is no failure.
unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SID = "SM" + "1" * 32

statuses = st.sampled_from(sorted(Status))
reports = st.lists(st.sampled_from(sorted(REPORTABLE)), max_size=12)
sids = st.sampled_from([None, SID, "SM" + "2" * 32])
events = st.lists(
    st.builds(Event, status=statuses, evidence=st.booleans(), sid=sids, superseded=st.booleans()), max_size=20
)


def end_of(start: Status, told: list[Status]) -> Standing:
    return replay([Event(start, evidence=False), *(Event(status, evidence=True, sid=SID) for status in told)])


def walk(start: Status, happened: list[Event]) -> list[Standing]:
    """Where the message stands at first and after each event."""
    begin = Event(start, evidence=False)
    return [replay([begin, *happened[:count]]) for count in range(len(happened) + 1)]


@unhurried
@given(statuses, reports, st.randoms(use_true_random=False))
@example(Status.CLAIMED, [Status.CANCELED, Status.UNDELIVERED, Status.FAILED, Status.SUPPRESSED], random.Random(1))
def test_every_order_of_the_same_reports_ends_in_the_same_status(
    start: Status, told: list[Status], shuffling: random.Random
) -> None:
    another_order = told[:]
    shuffling.shuffle(another_order)
    assert end_of(start, told) == end_of(start, another_order)


@unhurried
@given(statuses, reports, st.data())
def test_a_report_heard_again_changes_nothing(start: Status, told: list[Status], data: st.DataObject) -> None:
    copies = data.draw(st.lists(st.sampled_from(told), max_size=8)) if told else []
    assert end_of(start, told) == end_of(start, told + copies)


@unhurried
@given(statuses, reports)
def test_the_highest_rung_heard_of_is_where_the_message_ends(start: Status, told: list[Status]) -> None:
    assert end_of(start, told).status == max([start, *told], key=RANK.__getitem__)


@unhurried
@given(statuses, reports)
def test_a_gap_in_what_was_heard_does_not_matter_once_the_last_word_is_there(start: Status, told: list[Status]) -> None:
    last_word = max([start, *told], key=RANK.__getitem__)
    assert end_of(start, told).status == end_of(start, [last_word] if last_word in told else []).status


@unhurried
@given(statuses, events)
def test_only_an_act_of_ours_ever_leads_down(start: Status, happened: list[Event]) -> None:
    for event, (before, after) in zip(happened, pairwise(walk(start, happened)), strict=True):
        if RANK[after.status] < RANK[before.status]:
            assert not event.evidence
            assert (before.status, after.status) in OUR_MOVES


@unhurried
@given(statuses, events)
def test_every_change_is_an_act_of_ours_or_what_was_reported(start: Status, happened: list[Event]) -> None:
    for event, (before, after) in zip(happened, pairwise(walk(start, happened)), strict=True):
        if after.status is not before.status:
            assert after.status is event.status
            assert event.status in REPORTABLE if event.evidence else (before.status, after.status) in OUR_MOVES


@unhurried
@given(statuses, events)
def test_a_sid_once_bound_stays_until_the_message_goes_back(start: Status, happened: list[Event]) -> None:
    for before, after in pairwise(walk(start, happened)):
        went_back = after.status is Status.PENDING and after.status is not before.status
        assert before.sid is None or after.sid == (None if went_back else before.sid)


@unhurried
@given(statuses, events)
def test_a_history_replayed_in_two_parts_ends_where_it_ends_in_one(start: Status, happened: list[Event]) -> None:
    standing = Standing(start)
    for event in happened:
        standing = step(standing, event)
    assert standing == walk(start, happened)[-1]
