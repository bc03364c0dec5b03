"""The pictures of the command line: how they are drawn, and that those in the folder are of commands that exist."""

import re
import shlex
from xml.etree import ElementTree

import click
import pytest

from messaging_pipeline.cli.main import cli
from tests.pictures.gallery import FOLDER, SCREENSHOTS
from tests.pictures.scenes import SCENES, Line
from tests.pictures.terminal import Printed, terminal

SVG = "{http://www.w3.org/2000/svg}"
AN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
RECORDED = """\
SERVICE  STATE   REASON
alerts   on
offers   paused  <said & done>

  a line that is too long to stand in one row of forty columns
"""


def texts(svg: str) -> list[tuple[float, float, str, str]]:
    """Each text: x, y, what it is drawn as, and what it says."""
    return [
        (float(one.attrib["x"]), float(one.attrib["y"]), one.attrib["class"], one.text or "")
        for one in ElementTree.fromstring(svg).iter(f"{SVG}text")
    ]


@pytest.fixture
def drawn() -> list[tuple[float, float, str, str]]:
    printed = Printed("messaging-pipeline services list", RECORDED)
    return texts(terminal("title", "description", [printed], columns=40))


def test_the_command_stands_above_what_it_printed(drawn: list[tuple[float, float, str, str]]) -> None:
    assert drawn[0][3] == "$ messaging-pipeline services list"
    assert all(y > drawn[0][1] for _, y, _, _ in drawn[1:])


def test_what_stands_in_one_column_begins_at_one_place(drawn: list[tuple[float, float, str, str]]) -> None:
    (head,) = [x for x, _, _, said in drawn if said == "STATE"]
    assert [x for x, _, _, said in drawn if said in {"on", "paused"}] == [head, head]


def test_words_that_say_how_it_stands_have_their_colours(drawn: list[tuple[float, float, str, str]]) -> None:
    kinds = {said: kind for _, _, kind, said in drawn}
    assert (kinds["on"], kinds["paused"], kinds["alerts"]) == ("code prompt", "code killed", "code label")


def test_nothing_that_was_printed_is_left_out(drawn: list[tuple[float, float, str, str]]) -> None:
    said = "".join(one for _, _, _, one in drawn[1:])
    assert re.sub(r"\s", "", said) == re.sub(r"\s", "", RECORDED)


def test_a_long_line_is_folded_at_a_space(drawn: list[tuple[float, float, str, str]]) -> None:
    first, second = drawn[-2:]
    assert (first[3], second[1] - first[1]) == ("a line that is too long to stand in", 18)
    assert second[3] == "one row of forty columns"


def command_of(line: Line) -> click.Command:
    """The command that a line of a scene calls."""
    command: click.Command = cli
    for word in line.words:
        if isinstance(command, click.Group):
            below = command.get_command(click.Context(command), word)
            assert below is not None, f"there is no command {word}"
            command = below
    return command


@pytest.mark.parametrize("name", SCREENSHOTS)
def test_a_picture_shows_the_commands_of_its_scene(name: str) -> None:
    svg = (FOLDER / name).read_text("utf-8")
    shown = [AN_ID.sub("ID", said) for _, _, _, said in texts(svg) if said.startswith("$ ")]
    wanted = [
        f"$ {shlex.join(['messaging-pipeline', *line.arguments({'landline': 'ID'})])}" for line in SCENES[name].lines
    ]
    assert shown == wanted, "run: make screenshots"
    assert all(not isinstance(command_of(line), click.Group) for line in SCENES[name].lines)


@pytest.mark.parametrize("name", SCREENSHOTS)
def test_a_picture_shows_an_answer_and_neither_a_refusal_nor_a_place_of_this_machine(name: str) -> None:
    said = [one for _, _, _, one in texts((FOLDER / name).read_text("utf-8"))]
    assert len(said) > 5
    assert [
        one for one in said if one.startswith(("messaging-pipeline:", "Traceback", "Usage:")) or "/tmp/" in one
    ] == []
