"""Handlers of keywords in messaging.toml: which level speaks first, and which mistake is named."""

from pathlib import Path

import pytest

from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.keywords.hearing import Heard, hear
from messaging_pipeline.keywords.vocabulary import vocabulary_of
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.support.factories import RECIPIENT, configuration_file, settings

CODE = 'python = "tests.support.shop:status"'
LEVELS = f"""
[tenants.default.keywords.handlers]
STATUS = {{ argument = "word", {CODE}, usage = "Write STATUS 4711." }}
WHERE = {{ {CODE} }}
WHEN = {{ {CODE} }}

[services.default]
from_number = "+12065550100"

[services.default.keywords]
more_stop = ["WHEN"]
answers = {{ WHERE = "Main Street" }}

[services.other]
from_number = "+12065550101"

[services.other.keywords.handlers.STATUS]
celery = {{ task = "shop.status", queue = "shop" }}
"""


def said(tmp_path: Path, body: str, to: str = "+12065550100", **fields: str) -> Heard:
    configuration = load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, LEVELS)))
    return hear(configuration, "default", {"From": RECIPIENT, "To": to, "Body": body, **fields})


def test_a_service_speaks_first_and_a_stop_before_all(tmp_path: Path) -> None:
    configuration = load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, LEVELS)))
    own = vocabulary_of(configuration, "default", "default")
    other = vocabulary_of(configuration, "default", "other")
    assert [sorted(one.handlers) for one in (own, other)] == [["status"], ["status", "when", "where"]]
    assert [own.handlers["status"].argument, other.handlers["status"].argument] == ["word", "none"]


def test_a_command_is_a_keyword_and_nothing_is_said_at_once(tmp_path: Path) -> None:
    heard = said(tmp_path, "Status 4711")
    assert heard.command is not None
    assert (heard.kind, heard.word, heard.command.argument, heard.answer, heard.flag) == (
        "custom", "status", "4711", None, None,
    )  # fmt: skip


def test_how_it_is_used_is_said_at_once_and_calls_nothing(tmp_path: Path) -> None:
    heard = said(tmp_path, "Status?")
    assert (heard.kind, heard.answer, heard.command) == ("custom", "Write STATUS 4711.", None)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ("STOP 12345", {}),
        ("STOP", {}),
        ("when", {}),
        ("status 4711", {"OptOutType": "HELP"}),
        ("status 4711", {"From": "32665"}),
        ("status 4711", {"From": "whatsapp:+14155550123"}),
    ],
)
def test_what_twilio_or_the_law_reads_otherwise_calls_nothing(
    tmp_path: Path, body: str, fields: dict[str, str]
) -> None:
    assert said(tmp_path, body, **fields).command is None


def test_a_wish_to_hear_no_more_is_flagged_behind_a_word_too(tmp_path: Path) -> None:
    heard = said(tmp_path, "STATUS please stop texting me")
    assert (heard.flag, heard.answer, heard.command) == ("wish_in_words", None, None)


def handler(keys: str, word: str = "STATUS") -> str:
    return f"[services.default.keywords.handlers.{word}]\n{keys}\n"


RECEIVER = '[receivers.shop]\nurl = "https://shop.example"\nsecret = "env:X"\n'
ACME = f'[tenants.acme]\naccount_sid = "{ACME_ACCOUNT_SID}"\nauth_token = "env:X"\n'


@pytest.mark.parametrize(
    ("text", "place", "word"),
    [
        (handler(""), "handlers.STATUS", "one of python, celery and receiver"),
        (handler(f'{CODE}\nreceiver = "shop"') + RECEIVER, "handlers.STATUS", "one of python"),
        (handler(f'{CODE}\nargument = "two"'), "handlers.STATUS.argument", "none"),
        (handler(f"{CODE}\nmin_length = 9\nmax_length = 8"), "handlers.STATUS", "min_length above"),
        (handler(f'{CODE}\nusage = "x"'), "handlers.STATUS", "no argument that could be wrong"),
        (handler(f"{CODE}\nmost_attempts = 0"), "handlers.STATUS.most_attempts", "give at least 1"),
        (handler(f"{CODE}\nunknown = 1"), "handlers.STATUS.unknown", "not a known name"),
        (handler('python = "no/path"'), "handlers.STATUS.python", "is no function"),
        (handler('celery = { task = "messaging.send", queue = "q" }'), "celery.task", "task of your own"),
        (handler('celery = { task = "shop.x", queue = "deliver" }'), "celery.queue", "queue of the pipeline"),
        (handler('celery = { task = "shop.x" }'), "celery.queue", "required"),
        (handler('receiver = "shop"'), "services.default.keywords.handlers.STATUS.receiver", "no receiver 'shop'"),
        (
            handler('receiver = "shop"') + RECEIVER + 'tenant = "acme"\n' + ACME,
            "services.default.keywords.handlers.STATUS.receiver",
            "tenant 'default' has no receiver",
        ),
        (
            '[tenants.default.keywords.handlers.STATUS]\nreceiver = "shop"\n' + RECEIVER + 'tenant = "acme"\n' + ACME,
            "tenants.default.keywords.handlers.STATUS.receiver",
            "no receiver",
        ),
        (handler(CODE, "Stop"), "services.default.keywords", "'STOP' two meanings"),
        (handler(CODE, '"un-subscribe"'), "services.default.keywords", "'UNSUBSCRIBE' two meanings"),
        (handler(CODE, "YES"), "services.default.keywords", "'YES' two meanings"),
        (handler(CODE, "info"), "services.default.keywords", "'INFO' two meanings"),
        (handler(CODE) + handler(CODE, "status"), "services.default.keywords", "'STATUS' two meanings"),
        (
            '[services.default.keywords]\nanswers = { STATUS = "x" }\n' + handler(CODE),
            "services.default.keywords",
            "'STATUS' two meanings",
        ),
        (handler(CODE, '"..."'), "services.default.keywords", "letters, digits or emoji"),
    ],
)
def test_a_wrong_handler_is_named_by_its_place(tmp_path: Path, text: str, place: str, word: str) -> None:
    with pytest.raises(InvalidSettings, match=word) as refusal:
        load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, text)))
    assert place in refusal.value.setting
