"""Mistakes on the command line are named as they were typed, and a slip is told what was meant."""

from uuid import uuid4

import click
import pytest

from messaging_pipeline.cli.as_typed import command_typed, in_options
from messaging_pipeline.cli.main import cli
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from tests.support.commands import run_command
from tests.support.factories import environment


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("mesages", "list"), "No such command 'mesages'. Did you mean 'messages'?"),
        (("docter",), "No such command 'docter'. Did you mean 'doctor'?"),
        (("stop",), "No such command 'stop'. The commands are: audit, capacity, codes, "),
        (("messages", "lst"), "No such command 'lst'."),
        (
            ("send", "+14155550100", "--body", "Hi"),
            "BODY is written without an option: messaging-pipeline send TO",
        ),
        (("send", "+14155550100", "Hi", "--form", "1"), "No such option '--form'."),
    ],
)
def test_what_there_is_not_is_told_what_there_is(words: tuple[str, ...], said: str) -> None:
    ended = run_command({}, *words)
    assert ended.code == 2
    assert said in ended.err


SEND = ("send", "+14155550100", "Hi")


@pytest.mark.parametrize(
    ("words", "field", "typed"),
    [
        (SEND, "from_", "from_ (--from)"),
        (SEND, "expires_at", "expires_at (--expires-at)"),
        (SEND, "media_urls.0", "media_urls.0 (--media-url 1)"),
        (SEND, "tags.intent", "tags.intent (--tag intent)"),
        (SEND, "tenant", "tenant"),
        (SEND, "to", "to"),
        (SEND, "gate:spend", "gate:spend"),
        ((*SEND, "--fallback-email", "nobody"), "fallback.0.to", "fallback.0.to (--fallback-email)"),
        ((*SEND, "--fallback", "[{}]"), "fallback.0.channel", "fallback.0.channel (--fallback 0.channel)"),
        ((*SEND, "--fallback=[{}]"), "fallback.0.channel", "fallback.0.channel (--fallback 0.channel)"),
        (("services", "pause", "offerz"), "service", "service"),
    ],
)
def test_a_field_is_named_by_its_option(words: tuple[str, ...], field: str, typed: str) -> None:
    command = command_typed(cli, click.Context(cli), words)
    told = in_options(InvalidInput(field, "is wrong", "mend it"), command, words)
    assert str(told) == f"{typed}: is wrong; mend it"


def test_a_key_that_was_used_before_is_named_by_its_option() -> None:
    command = command_typed(cli, click.Context(cli), SEND)
    told = in_options(IdempotencyConflict("idempotency_key", uuid4()), command, SEND)
    assert str(told).startswith("idempotency_key (--idempotency-key): was used before")


def test_an_address_without_its_scheme_is_wrong_and_not_a_server_that_is_away() -> None:
    ended = run_command(environment(REDIS_URL="localhost:6379"), *SEND)
    assert ended.code == 2
    assert ended.err.startswith("messaging-pipeline: REDIS_URL: is not a Redis URL; write redis://localhost:6379/0, ")
