"""Every command that the papers show could be typed as it stands: its options exist, and its arguments are enough."""

import itertools
import re
import shlex
from collections.abc import Iterator

import click
import pytest

from messaging_pipeline.cli.main import cli
from tests.support.papers import Block, Paper, papers

PROGRAM = "messaging-pipeline"
#: A line at a prompt, or one of a script, that begins with the program.
BEGINS = re.compile(r"^(?:\$ )?(?:[A-Z_]+=\S+ )*messaging-pipeline ")
LANGUAGES = {"console", "sh"}
ENDS_A_COMMAND = set("|&;<>()")


def commands(block: Block) -> Iterator[list[str]]:
    """The words of every command of ours in a block, as a shell would split them."""
    lines = iter(block.text.replace("\\\n", " ").splitlines())
    for line in lines:
        if BEGINS.match(line):
            yield words_of(line, lines)


def words_of(line: str, following: Iterator[str]) -> list[str]:
    """Split a command that may go on in the lines that follow, up to what is no part of it."""
    try:
        words = [*split(line)]
    except ValueError:  # a quotation that is not at its end yet
        return words_of(f"{line}\n{next(following)}", following)
    own = itertools.takewhile(lambda word: not set(word) <= ENDS_A_COMMAND, words)
    return list(itertools.dropwhile(lambda word: word != PROGRAM, own))[1:]


def split(line: str) -> shlex.shlex:
    lexer = shlex.shlex(line, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    return lexer


def shown_in(page: Paper) -> list[tuple[str, list[str]]]:
    found = [block for block in page.blocks() if block.language in LANGUAGES]
    return [(block.place, words) for block in found for words in commands(block)]


def cannot_be_typed(words: list[str]) -> str | None:
    """Say why a command line would be refused before anything is done, or None."""
    command: click.Command = cli
    context = click.Context(command, info_name=PROGRAM, **cli.context_settings)
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        below = command.get_command(context, words[0])
        if below is None:
            return f"there is no command {words[0]}"
        command, words = below, words[1:]
        context = click.Context(command, info_name=command.name, parent=context)
    if context.ignore_unknown_options or "--help" in words:
        return None
    return _refused(command, context, words)


def _refused(command: click.Command, context: click.Context, words: list[str]) -> str | None:
    try:
        given, left, _ = command.make_parser(context).parse_args(list(words))
    except click.UsageError as error:
        return error.format_message()
    if left and not isinstance(command, click.Group):
        return f"{left[0]} is one argument too many"
    needed = [one for one in command.params if isinstance(one, click.Argument) and one.required]
    missing = [one.human_readable_name for one in needed if not isinstance(given.get(one.name or ""), (str, tuple))]
    return f"{missing[0]} is missing" if missing else None


@pytest.mark.parametrize("page", [page for page in papers() if shown_in(page)], ids=lambda page: page.name)
def test_every_command_that_is_shown_could_be_typed(page: Paper) -> None:
    refused = {f"{place}: {shlex.join(words)}": cannot_be_typed(words) for place, words in shown_in(page)}
    assert {line: reason for line, reason in refused.items() if reason} == {}


def test_the_how_tos_show_commands() -> None:
    (page,) = [page for page in papers() if page.name == "docs/how-to.md"]
    assert len(shown_in(page)) > 20


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("messages shoe ID", "there is no command shoe"),
        ("messages show ID --loudly", "No such option '--loudly'."),
        ("messages show ID another", "another is one argument too many"),
        ("messages show", "ID is missing"),
        ("reconcile --since", "Option '--since' requires an argument."),
        ("messages show ID --json", None),
    ],
)
def test_a_command_that_could_not_be_typed_is_noticed(words: str, reason: str | None) -> None:
    assert cannot_be_typed(words.split()) == reason
