"""Keywords in messaging.toml: what is understood, and which mistake is named."""

from pathlib import Path

import pytest

from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.keywords.vocabulary import Kind, vocabulary_of
from tests.support.factories import configuration_file, settings

TWO_LEVELS = """
[tenants.default.keywords]
more_stop = ["ALTO"]
help_answer = "the tenant's"
answers = { HOURS = "the tenant's", "WHERE" = "Main Street" }
opt_out_scope = "tenant"
most_answers = 3

[services.default]
from_number = "+12065550100"

[services.default.keywords]
more_stop = ["BAJA"]
help_answer = "the service's"
answers = { hours = "the service's" }

[services.other]
from_number = "+12065550101"
keywords = { opt_out_scope = "service", most_answers_minutes = 60 }
"""


def test_a_service_speaks_first_and_its_tenant_fills_the_gaps(tmp_path: Path) -> None:
    configuration = load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, TWO_LEVELS)))
    own = vocabulary_of(configuration, "default", "default")
    other = vocabulary_of(configuration, "default", "other")
    assert {word: found.answer for word, found in own.keywords.items() if found.kind is Kind.CUSTOM} == {
        "hours": "the service's",
        "where": "Main Street",
    }
    assert [(one.keywords["help"].answer, "baja" in one.keywords) for one in (own, other)] == [
        ("the service's", True),
        ("the tenant's", False),
    ]
    assert all("alto" in one.keywords for one in (own, other))
    assert [one.covers_tenant for one in (own, other)] == [True, False]
    assert [(one.most_answers, one.most_answers_seconds) for one in (own, other)] == [(3, 600), (3, 3600)]


def test_an_answer_may_have_lines_emoji_and_the_spaces_of_other_languages(tmp_path: Path) -> None:
    text = "Une question\u00a0?\nÉcrivez à Ada 👩\u200d💻 ✔\ufe0f"
    path = configuration_file(tmp_path, f"[services.default.keywords]\nhelp_answer = '''{text}'''\n")
    configuration = load_configuration(settings(MESSAGING_CONFIG=path))
    assert configuration.services["default"].keywords.help_answer == text


def test_a_tenant_that_nobody_declared_has_twilios_words() -> None:
    vocabulary = vocabulary_of(load_configuration(settings()), "nobody", None)
    assert {found.kind for found in vocabulary.keywords.values()} == {Kind.STOP, Kind.START, Kind.HELP}


@pytest.mark.parametrize(
    ("keywords", "place", "reason"),
    [
        ('more_stop = ["HELP"]', "keywords", "gives the word 'HELP' two meanings"),
        ('answers = { Stop = "x" }', "keywords", "two meanings"),
        ('answers = { "OPT OUT" = "x" }', "keywords", "gives the word 'OPTOUT' two meanings"),
        ('more_stop = ["ALTO", "alto!"]', "keywords", "two meanings"),
        ('more_help = ["?!"]', "keywords.more_help.0", "letters, digits or emoji"),
        (f'more_help = ["{"A" * 41}"]', "keywords.more_help.0", "letters, digits or emoji"),
        ('stop_phrases = ["..."]', "keywords.stop_phrases.0", "without a word"),
        ('help_answer = " "', "keywords.help_answer", "1 to 1600 characters"),
        (f'help_answer = "{"x" * 1601}"', "keywords.help_answer", "1 to 1600 characters"),
        ('help_answer = "a\\u0001b"', "keywords.help_answer", "control character"),
        ('opt_out_scope = "everyone"', "keywords.opt_out_scope", "use one of: service, tenant, global"),
        ("most_answers = 0", "keywords.most_answers", "give at least 1"),
        ('stop = ["ALTO"]', "keywords.stop", "is not a known name"),
    ],
)
def test_a_mistake_is_named_with_its_place(tmp_path: Path, keywords: str, place: str, reason: str) -> None:
    path = configuration_file(tmp_path, f"[services.default.keywords]\n{keywords}\n")
    with pytest.raises(InvalidSettings) as refusal:
        load_configuration(settings(MESSAGING_CONFIG=path))
    assert f"services.default.{place}" in str(refusal.value)
    assert reason in str(refusal.value)
