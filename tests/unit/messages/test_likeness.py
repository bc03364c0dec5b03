"""How much a text is like a sample: counted words, placeholders that stand for some, words that do not count."""

import pytest
from hypothesis import strategies as st

from messaging_pipeline.messages.likeness import has_words_of_its_own, likeness
from tests.support.properties import given

TABLE = "Hi {name}, your table for {count} is ready at {place}. Reply STOP to opt out."


@pytest.mark.parametrize(
    ("sample", "text", "share"),
    [
        pytest.param("Your table is ready", "your TABLE is ready!", 1.0, id="case and punctuation are forgiven"),
        pytest.param("Your table is ready", "Your taxi is ready", 3 / 5, id="three in both, of five"),
        pytest.param("Your table is ready", "Half price!", 0.0, id="nothing in common"),
        pytest.param("{name}, your table is ready", "Ada Byron, your table is ready", 1.0, id="filled in"),
        pytest.param("{name}, your table is ready", "Your table is ready", 1.0, id="or left empty"),
        pytest.param(
            "{code} is your code", "Half price on all shoes today: 4711 is your code", 3 / 6, id="it holds three words"
        ),
        pytest.param("Your code is [code]", "Your code is 123456.", 1.0, id="brackets too; digits are no words"),
        pytest.param("Pay <amount> by <day>", "Pay $12.50 by Monday", 1.0, id="so are angle brackets"),
        pytest.param(
            "Your table is ready. Reply STOP to opt out", "Your table is ready", 1.0, id="closing words do not count"
        ),
        pytest.param("See it: https://a.example/{id}", "See it: a.example/4711", 1.0, id="links do not count"),
        pytest.param(TABLE, "Hi Ada, your table for two is ready at Luigi's. Reply STOP to opt out.", 1.0, id="meant"),
        pytest.param(TABLE, "Hi Ada, half price on shoes until Sunday, only at Luigi's!", 2 / 7, id="not meant"),
        pytest.param("Your code is {code}", "4711", 0.0, id="a text of no counted words"),
    ],
)
def test_the_share_can_be_counted_by_hand(sample: str, text: str, share: float) -> None:
    assert likeness(sample, text) == pytest.approx(share)


@pytest.mark.parametrize(
    ("sample", "expected"), [("{code}", False), ("Reply STOP", False), ("4711", False), ("Your {code}", True)]
)
def test_a_sample_needs_words_of_its_own(sample: str, expected: bool) -> None:
    assert has_words_of_its_own(sample) is expected


@given(st.text(max_size=60), st.text(max_size=60))
def test_it_is_a_share_and_a_text_is_like_itself(sample: str, text: str) -> None:
    assert 0 <= likeness(sample, text) <= 1
    if "{" not in text and "[" not in text and "<" not in text:
        assert likeness(text, text) == 1
