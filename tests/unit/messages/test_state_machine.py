"""The ladder, its moves and the folding of events, as data."""

import pytest

from messaging_pipeline.messages import state_machine
from messaging_pipeline.messages.state_machine import (
    ARRIVALS,
    FINAL,
    LADDER,
    OUR_MOVES,
    RANK,
    REPORTABLE,
    TWILIO_FLOW,
    UNDER_WAY,
    Event,
    Standing,
    Status,
    evidence_moves,
    leaves_for,
    our_leaves_for,
    replay,
    step,
)
from tests.support.twilio_vectors import recorded

SID, OTHER_SID = "SM" + "1" * 32, "SM" + "2" * 32
TWILIO = recorded("message_status_machine")
OUR_WORDS = {rung.status for rung in LADDER if rung.word_of == "ours"}


def documented_edges() -> list[tuple[str, str]]:
    return [(start, end) for start, ends in TWILIO["edges"].items() for end in ends]


def evidence(status: Status, sid: str | None = SID) -> Event:
    return Event(status, evidence=True, sid=sid)


def our_act(status: Status) -> Event:
    return Event(status, evidence=False)


def test_every_status_stands_on_exactly_one_rung() -> None:
    assert sorted(rung.status for rung in LADDER) == sorted(Status)


def test_the_rungs_are_listed_from_low_to_high_and_share_no_rank() -> None:
    ranks = [rung.rank for rung in LADDER]
    assert ranks == sorted(set(ranks))


def test_every_rung_says_what_it_means_and_no_two_say_the_same() -> None:
    meanings = {rung.meaning for rung in LADDER}
    assert len(meanings) == len(LADDER)
    assert all(meanings)


def test_every_message_is_under_way_or_at_an_end() -> None:
    assert sorted(FINAL | UNDER_WAY) == sorted(Status)
    assert not FINAL & UNDER_WAY


def test_every_end_stands_above_everything_that_is_under_way() -> None:
    assert max(RANK[status] for status in UNDER_WAY) < min(RANK[status] for status in FINAL)


def test_twilios_words_are_all_of_twilios_own_that_an_outbound_message_can_have() -> None:
    outbound = set(TWILIO["statuses"]) - set(TWILIO["inbound"]) - set(TWILIO["deprecated"])
    assert {rung.status for rung in LADDER if rung.word_of == "Twilio's"} == outbound


def test_evidence_can_say_twilios_words_and_of_ours_only_that_the_recipient_opted_out() -> None:
    assert {Status.SUPPRESSED} == REPORTABLE & OUR_WORDS
    assert set(Status) - OUR_WORDS <= REPORTABLE


def test_a_failure_is_an_end_and_an_opt_out_is_none() -> None:
    assert state_machine.FAILURES < FINAL
    assert Status.SUPPRESSED not in state_machine.FAILURES


@pytest.mark.parametrize(("start", "end"), documented_edges())
def test_every_step_that_twilio_documents_is_allowed(start: str, end: str) -> None:
    assert evidence_moves(Status(start), Status(end))


@pytest.mark.parametrize("status", TWILIO["initial"])
def test_every_first_status_that_twilio_documents_is_allowed_after_a_create(status: str) -> None:
    assert evidence_moves(Status.CLAIMED, Status(status))


def test_the_diagram_shows_every_step_that_twilio_documents() -> None:
    assert {(Status(start), Status(end)) for start, end in documented_edges()} <= TWILIO_FLOW


@pytest.mark.parametrize(("start", "end"), sorted(TWILIO_FLOW))
def test_every_step_of_the_usual_walk_is_one_that_evidence_makes(start: Status, end: Status) -> None:
    assert evidence_moves(start, end)


@pytest.mark.parametrize("end", sorted({end for _, end in TWILIO_FLOW}))
def test_evidence_may_skip_every_step_of_the_usual_walk(end: Status) -> None:
    assert evidence_moves(Status.CLAIMED, end)


def test_no_move_is_both_ours_and_twilios() -> None:
    assert not OUR_MOVES & TWILIO_FLOW


def test_once_twilio_has_a_message_we_move_it_only_to_try_again_what_did_not_arrive() -> None:
    before_twilio = {Status.PENDING, Status.CLAIMED, Status.UNCONFIRMED}
    assert {(start, end) for start, end in OUR_MOVES if start not in before_twilio} == {
        (Status.UNDELIVERED, Status.PENDING),
        (Status.FAILED, Status.PENDING),
    }


def test_our_own_acts_never_claim_what_only_twilio_can_know() -> None:
    told_by_twilio_alone = {Status.ACCEPTED, Status.SCHEDULED, Status.QUEUED, Status.SENDING, Status.SENT}
    arrived = {Status.DELIVERED, Status.READ, Status.UNDELIVERED}
    assert not {end for _, end in OUR_MOVES} & (told_by_twilio_alone | arrived)


def test_a_message_in_doubt_is_never_claimed_again() -> None:
    assert (Status.UNCONFIRMED, Status.CLAIMED) not in OUR_MOVES


def test_the_only_way_back_is_to_pending() -> None:
    back = {(start, end) for start, end in OUR_MOVES if RANK[end] < RANK[start]}
    assert {end for _, end in back} == {Status.PENDING}
    assert {start for start, _ in back} == {Status.CLAIMED, Status.UNCONFIRMED, Status.UNDELIVERED, Status.FAILED}


def test_a_message_that_goes_back_waits_for_the_sid_of_its_next_attempt() -> None:
    assert step(Standing(Status.UNDELIVERED, SID), our_act(Status.PENDING)) == Standing(Status.PENDING)


@pytest.mark.parametrize("word", sorted(REPORTABLE - ARRIVALS))
def test_of_a_superseded_attempt_nothing_but_an_arrival_is_news(word: Status) -> None:
    again = Standing(Status.PENDING)
    assert step(again, Event(word, evidence=True, sid=SID, superseded=True)) == again


def test_an_arrival_by_a_superseded_attempt_is_an_arrival_and_binds_nothing() -> None:
    told = Event(Status.DELIVERED, evidence=True, sid=SID, superseded=True)
    assert step(Standing(Status.PENDING), told) == Standing(Status.DELIVERED)


def test_a_late_delivered_beats_undelivered() -> None:
    assert evidence_moves(Status.UNDELIVERED, Status.DELIVERED)
    assert not evidence_moves(Status.DELIVERED, Status.UNDELIVERED)


def test_after_delivered_comes_nothing_but_read() -> None:
    assert [status for status in Status if evidence_moves(Status.DELIVERED, status)] == [Status.READ]
    assert [status for status in Status if evidence_moves(Status.READ, status)] == []


def test_no_evidence_leads_from_an_end_back_under_way() -> None:
    assert [(end, way) for end in FINAL for way in UNDER_WAY if evidence_moves(end, way)] == []


@pytest.mark.parametrize("status", sorted(OUR_WORDS - {Status.SUPPRESSED}))
def test_evidence_of_a_word_of_ours_moves_nothing(status: Status) -> None:
    assert leaves_for(status) == []


def test_the_guard_of_a_report_names_exactly_the_statuses_below_it() -> None:
    assert leaves_for(Status.ACCEPTED) == ["pending", "claimed", "unconfirmed", "scheduled"]


def test_the_guard_of_an_act_of_ours_names_where_it_may_start() -> None:
    assert our_leaves_for(Status.PENDING) == ["claimed", "failed", "unconfirmed", "undelivered"]
    assert our_leaves_for(Status.DELIVERED) == []


@pytest.mark.parametrize("status", sorted(Status))
def test_every_status_can_be_reached_by_a_move(status: Status) -> None:
    assert leaves_for(status) + our_leaves_for(status) != []


def test_an_act_of_ours_that_is_not_allowed_changes_nothing() -> None:
    standing = Standing(Status.SENT, SID)
    assert step(standing, our_act(Status.PENDING)) == standing


def test_an_act_of_ours_that_ends_a_message_keeps_its_sid() -> None:
    assert step(Standing(Status.UNCONFIRMED, SID), our_act(Status.FAILED)) == Standing(Status.FAILED, SID)


def test_the_first_sid_heard_is_the_messages_own() -> None:
    assert step(Standing(Status.CLAIMED), evidence(Status.QUEUED)) == Standing(Status.QUEUED, SID)


def test_evidence_that_does_not_move_still_binds_its_sid() -> None:
    assert step(Standing(Status.FAILED), evidence(Status.SENT)) == Standing(Status.FAILED, SID)


def test_evidence_about_another_sid_is_none() -> None:
    standing = Standing(Status.SENT, SID)
    assert step(standing, evidence(Status.DELIVERED, OTHER_SID)) == standing


def test_evidence_without_a_sid_counts_for_the_message_it_was_told_of() -> None:
    assert step(Standing(Status.SENT, SID), evidence(Status.DELIVERED, None)) == Standing(Status.DELIVERED, SID)


def test_a_history_folds_into_where_the_message_stands() -> None:
    history = [
        our_act(Status.PENDING),
        our_act(Status.CLAIMED),
        our_act(Status.PENDING),
        our_act(Status.CLAIMED),
        our_act(Status.UNCONFIRMED),
        evidence(Status.UNDELIVERED),
        evidence(Status.SENT),
        evidence(Status.DELIVERED),
    ]
    assert replay(history) == Standing(Status.DELIVERED, SID)


def test_a_history_begins_with_the_status_that_its_row_began_with() -> None:
    assert replay([our_act(Status.REJECTED)]) == Standing(Status.REJECTED)
