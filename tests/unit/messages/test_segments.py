"""What a text weighs: properties that hold for every text."""

from math import ceil

import pytest
from hypothesis import strategies as st

from messaging_pipeline.messages import gsm7
from messaging_pipeline.messages.segments import SegmentCount, characters_forcing_ucs2, count_segments
from tests.support.properties import given

GSM_TEXTS = st.text(st.sampled_from(gsm7.BASIC + gsm7.EXTENSION), max_size=700)
ONE_SEPTET_TEXTS = st.text(st.sampled_from(gsm7.BASIC), max_size=700)
ANY_TEXTS = st.text(max_size=400)
ANY_TEXTS_WITH_EMOJI = st.text(st.sampled_from("aя€😀"), max_size=400)


def filled_greedily(widths: list[int], single: int, concatenated: int) -> int:
    """Count segments one character at a time, the slow and obvious way."""
    if sum(widths) <= single:
        return 1
    segments, room = 1, concatenated
    for width in widths:
        if width > room:
            segments, room = segments + 1, concatenated
        room -= width
    return segments


@given(ONE_SEPTET_TEXTS)
def test_a_text_of_one_septet_characters_weighs_by_its_length(body: str) -> None:
    expected = 1 if len(body) <= 160 else ceil(len(body) / 153)
    assert count_segments(body) == SegmentCount("GSM-7", expected)


@given(GSM_TEXTS)
def test_a_gsm_text_is_packed_without_splitting_an_escaped_character(body: str) -> None:
    widths = [2 if character in gsm7.EXTENSION else 1 for character in body]
    assert count_segments(body) == SegmentCount("GSM-7", filled_greedily(widths, 160, 153))


@given(ANY_TEXTS | ANY_TEXTS_WITH_EMOJI)
def test_another_text_is_packed_without_splitting_a_surrogate_pair(body: str) -> None:
    body += "я"
    widths = [2 if ord(character) > 0xFFFF else 1 for character in body]
    assert count_segments(body) == SegmentCount("UCS-2", filled_greedily(widths, 70, 67))


@given(ANY_TEXTS | ANY_TEXTS_WITH_EMOJI)
def test_no_text_weighs_less_than_its_bits_need(body: str) -> None:
    counted = count_segments(body)
    if counted.encoding == "GSM-7":
        bits = 7 * sum(2 if character in gsm7.EXTENSION else 1 for character in body)
    else:
        bits = 8 * len(body.encode("utf-16-le"))
    assert counted.segments >= max(1, ceil(bits / (140 * 8)))


@given(ANY_TEXTS, ANY_TEXTS)
def test_a_longer_text_never_weighs_less(body: str, more: str) -> None:
    assert count_segments(body + more).segments >= count_segments(body).segments


@given(ANY_TEXTS | GSM_TEXTS)
def test_without_the_characters_that_force_ucs2_a_text_is_gsm(body: str) -> None:
    forcing = characters_forcing_ucs2(body)
    assert (count_segments(body).encoding == "UCS-2") == bool(forcing)
    rest = body.translate(dict.fromkeys(map(ord, forcing)))
    assert count_segments(rest).encoding == "GSM-7"


def test_the_characters_that_force_ucs2_are_named_once_in_order_of_appearance() -> None:
    assert characters_forcing_ucs2("“Olá” ç “ok”") == "“á”ç"
    assert characters_forcing_ucs2("Hello {world} €5") == ""


def test_an_empty_body_is_one_segment_since_it_goes_out_with_media() -> None:
    assert count_segments("") == SegmentCount("GSM-7", 1)


@pytest.mark.parametrize(
    ("body", "segments"),
    [("€" * 80, 1), ("€" * 81, 2), ("a" * 152 + "€" + "a" * 152, 3), ("a" * 151 + "€" + "a" * 153, 2)],
)
def test_an_escaped_character_at_a_boundary_moves_as_a_whole(body: str, segments: int) -> None:
    assert count_segments(body) == SegmentCount("GSM-7", segments)


@pytest.mark.parametrize("body", ["\ud83d", "a" * 200 + "\ude00\ud83d" * 50])
def test_half_of_a_surrogate_pair_does_not_break_the_count(body: str) -> None:
    assert count_segments(body).encoding == "UCS-2"
