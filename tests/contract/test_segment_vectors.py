"""Segment counts and Smart Encoding against those of Twilio's own calculator, and GSM-7 against its standard."""

from typing import Any

import pytest

from messaging_pipeline.messages import gsm7
from messaging_pipeline.messages.segments import SegmentCount, count_segments
from messaging_pipeline.messages.smart_encoding import smart_encode
from tests.support.twilio_vectors import recorded

VECTORS = [pytest.param(row, id=row["id"]) for row in recorded("segment_vectors")["rows"]]


def body_of(row: dict[str, Any]) -> str:
    body: str = row["body"] if "body" in row else row["repeated"] * row["times"]
    return body


@pytest.mark.parametrize("row", VECTORS)
def test_a_body_weighs_what_twilio_says(row: dict[str, Any]) -> None:
    expected = SegmentCount(row["plain"]["encoding"], row["plain"]["segments"])
    assert count_segments(body_of(row)) == expected


@pytest.mark.parametrize("row", VECTORS)
def test_a_smart_encoded_body_weighs_what_twilio_says(row: dict[str, Any]) -> None:
    encoded = smart_encode(body_of(row))
    assert encoded == row["smart"].get("normalized", body_of(row))
    assert count_segments(encoded) == SegmentCount(row["smart"]["encoding"], row["smart"]["segments"])


def test_the_alphabet_has_every_character_of_the_standard_in_its_place() -> None:
    table = recorded("gsm7_table")
    assert list(gsm7.BASIC) == sorted(table["basic"], key=table["basic"].get)
    assert set(gsm7.EXTENSION) == set(table["extension"])
