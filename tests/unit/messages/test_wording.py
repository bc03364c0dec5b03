"""What is forgiven in a keyword, and what is not."""

import pytest

from messaging_pipeline.messages.wording import bare, words


@pytest.mark.parametrize(
    "written",
    [
        "STOP",
        "stop",
        " Stop. ",
        "sToP!!!",
        "“STOP”",
        "S T O P",
        "\tstop\r\n",
        "stop\u200b",
        "*stop*",
        "\uff33\uff34\uff2f\uff30",
        "`stop`",
    ],
)
def test_case_punctuation_and_spacing_are_forgiven(written: str) -> None:
    assert bare(written) == "stop"


@pytest.mark.parametrize("written", ["stop 12345", "stop 🙏", "nonstop", "st0p", "", "!!!", "стоп"])
def test_what_is_more_or_something_else_is_not_the_word(written: str) -> None:
    assert bare(written) != "stop"


@pytest.mark.parametrize(
    ("written", "other"),
    [("🎉", " 🎉 "), ("❤️", "❤"), ("ARRÊT", "arre\u0302t"), ("Straße", "STRASSE"), ("停止", "停止。")],
)
def test_emoji_and_other_scripts_can_be_keywords(written: str, other: str) -> None:
    assert bare(written) == bare(other) != ""


def test_an_accent_makes_another_word() -> None:
    assert bare("ARRÊT") != bare("ARRET")


@pytest.mark.parametrize(
    ("text", "said"),
    [("Please, DON'T\ntext me!", "please dont text me"), ("Don’t — ever", "dont ever"), ("", ""), (" …!? ", "")],  # noqa: RUF001
)
def test_the_words_of_a_text_stand_apart_by_one_space(text: str, said: str) -> None:
    assert words(text) == said
