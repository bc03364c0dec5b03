"""Wishes to hear no more, in people's own words: which texts a person should look at."""

import pytest

from messaging_pipeline.keywords.wishes import asks_for_silence


@pytest.mark.parametrize(
    "text",
    [
        "please stop texting me",
        "Please stop.",
        "Stop texting me!!",
        "STOP 12345",
        "Stop please",
        "Can you just stop sending these messages",
        "Don't text me again",
        "Do not contact me anymore",
        "never message me again",
        "I don’t want to receive these",  # noqa: RUF001
        "I no longer want your texts",
        "no more texts",
        "Unsubscribe me from this list",
        "How do I opt out?",
        "opt-out please",
        "Remove me from your list",
        "delete my number",
        "take me off your list",
        "leave me alone",
        "I revoke my consent",
        "wrong number",
        "Cease and desist contacting me",
    ],
)
def test_a_wish_is_recognised(text: str) -> None:
    assert asks_for_silence(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Is my table ready?",
        "I'll stop by tomorrow",
        "Stop by at six?",
        "Does the bus stop here?",
        "Please cancel my booking",
        "The show never ends",
        "I did not get your message",
        "Can't stop laughing 😂",
        "Yes please",
        "Please call me",
        "What is the contact address?",
    ],
)
def test_everyday_texts_are_no_wishes(text: str) -> None:
    assert not asks_for_silence(text)


def test_other_languages_bring_phrases_of_their_own() -> None:
    phrases = ["ne m'écrivez plus", "laissez-moi"]
    assert asks_for_silence("Svp, ne m’ÉCRIVEZ plus !", phrases)  # noqa: RUF001
    assert asks_for_silence("Laissez moi tranquille", phrases)
    assert not asks_for_silence("Écrivez plus", phrases)
