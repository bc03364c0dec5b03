"""The page about the life of a message says what the code does, no less and no more."""

import re
from pathlib import Path

from messaging_pipeline.messages.state_machine import LADDER, OUR_MOVES, TWILIO_FLOW

PAGE = (Path(__file__).parents[3] / "docs" / "state-machine.md").read_text("utf-8")
ROW = re.compile(r"^\| (\d+) \| `(\w+)` \| ([^|]+) \| (yes|no) \| ([^|]+) \|$", re.MULTILINE)
ARROW = re.compile(r"^    (\w+|\[\*\]) --> (\w+)( : .+)?$", re.MULTILINE)


def diagram() -> str:
    (found,) = re.findall(r"^```mermaid\nstateDiagram-v2\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def arrows() -> list[tuple[str, str, bool]]:
    """Start, end, and whether words stand at the arrow."""
    return [(start, end, bool(words)) for start, end, words in ARROW.findall(diagram())]


def test_the_table_lists_the_ladder_rung_by_rung() -> None:
    ladder = [
        (str(rung.rank), rung.status.value, rung.word_of, "yes" if rung.final else "no", rung.meaning)
        for rung in LADDER
    ]
    assert ROW.findall(PAGE) == ladder


def test_every_line_of_the_diagram_is_an_arrow_and_none_is_drawn_twice() -> None:
    ends = [(start, end) for start, end, _ in arrows()]
    assert len(ends) == len(set(ends)) == len(diagram().splitlines())


def test_the_arrows_with_words_are_our_own_moves() -> None:
    drawn = {(start, end) for start, end, words in arrows() if words and start != "[*]"}
    assert drawn == {(start.value, end.value) for start, end in OUR_MOVES}


def test_the_arrows_without_words_are_twilios_usual_walk() -> None:
    drawn = {(start, end) for start, end, words in arrows() if not words}
    assert drawn == {(start.value, end.value) for start, end in TWILIO_FLOW}


def test_a_message_begins_where_its_row_begins() -> None:
    assert {end for start, end, _ in arrows() if start == "[*]"} == {"pending", "rejected"}
