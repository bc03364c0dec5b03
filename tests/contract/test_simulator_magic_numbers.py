"""The magic numbers are possible phone numbers, and the documentation shows the same table."""

import re
from pathlib import Path

import phonenumbers
import pytest

from messaging_pipeline.simulator.magic_numbers import RECIPIENTS, SENDERS

DOCUMENT = Path(__file__).parents[2] / "docs" / "simulator.md"
ROW = re.compile(r"^\| `(\+\d+)` \| (.+?) \|$", re.MULTILINE)


def rows(heading: str) -> list[tuple[str, str]]:
    section = DOCUMENT.read_text().partition(f"### {heading}\n")[2].partition("\n#")[0]
    return ROW.findall(section)


def test_the_document_shows_every_magic_recipient_in_order() -> None:
    assert rows("Magic recipients (To)") == [(magic.number, magic.meaning) for magic in RECIPIENTS]


def test_the_document_shows_every_magic_sender() -> None:
    assert [
        (number, None if meaning == "always fine" else int(meaning)) for number, meaning in rows("Magic senders (From)")
    ] == list(SENDERS.items())


def test_no_number_is_magic_twice() -> None:
    assert len({magic.number for magic in RECIPIENTS}) == len(RECIPIENTS)


@pytest.mark.parametrize("number", [magic.number for magic in RECIPIENTS])
def test_every_magic_number_is_possible(number: str) -> None:
    assert phonenumbers.is_possible_number(phonenumbers.parse(number))
