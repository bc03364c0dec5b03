"""The page about the life of a message says what the code does, no less and no more."""

from messaging_pipeline.messages.state_machine import LADDER, OUR_MOVES, TWILIO_FLOW
from tests.support.papers import paper

PAGE = paper("docs/state-machine.md")


def bare(cell: str) -> str:
    return cell.strip().strip("`")


def our_acts() -> list[tuple[str, str]]:
    return [(bare(start), bare(end)) for start, end, _ in PAGE.table("act leaves")]


def usual_walk() -> list[tuple[str, str]]:
    return [(bare(start), bare(end)) for start, ends in PAGE.table("evidence leaves") for end in ends.split(",")]


def test_the_table_lists_the_ladder_rung_by_rung() -> None:
    ladder = [
        (str(rung.rank), f"`{rung.status.value}`", rung.word_of, "yes" if rung.final else "no", rung.meaning)
        for rung in LADDER
    ]
    assert PAGE.table("rank") == ladder


def test_no_move_is_listed_twice() -> None:
    moves = [*our_acts(), *usual_walk()]
    assert len(moves) == len(set(moves))


def test_the_acts_with_their_reasons_are_our_own_moves() -> None:
    assert set(our_acts()) == {(start.value, end.value) for start, end in OUR_MOVES}


def test_what_evidence_usually_does_is_twilios_usual_walk() -> None:
    assert set(usual_walk()) == {(start.value, end.value) for start, end in TWILIO_FLOW}


def test_a_message_begins_where_its_row_begins() -> None:
    assert (
        "A message begins as `pending`, accepted from a producer, or as `rejected`, refused at the door." in PAGE.text
    )
