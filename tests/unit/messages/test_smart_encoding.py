"""Smart Encoding: what it replaces, and what it leaves alone."""

from hypothesis import strategies as st

from messaging_pipeline.messages import gsm7
from messaging_pipeline.messages.segments import characters_forcing_ucs2
from messaging_pipeline.messages.smart_encoding import smart_encode
from tests.support.properties import given


def test_a_dash_from_a_word_processor_does_not_treble_the_price() -> None:
    typed = "\u201cReady\u201d \u2013 it\u2019s yours\u2026"
    assert smart_encode(typed) == '"Ready" - it\'s yours...'


def test_scripts_and_emoji_are_left_as_they_are() -> None:
    assert smart_encode("Привет 您好 😀 ê") == "Привет 您好 😀 ê"


@given(st.text(st.sampled_from(gsm7.BASIC + gsm7.EXTENSION)))
def test_a_gsm_text_stays_as_it_is(body: str) -> None:
    assert smart_encode(body) == body


@given(st.text())
def test_encoding_twice_changes_nothing_more_and_brings_in_no_new_character(body: str) -> None:
    encoded = smart_encode(body)
    assert smart_encode(encoded) == encoded
    assert set(characters_forcing_ucs2(encoded)) <= set(characters_forcing_ucs2(body))
