"""The pictures of the papers are what the code makes of them now, are used, and can be read by everybody."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from messaging_pipeline.messages.state_machine import Status
from tests.pictures import deployment, state_machine
from tests.pictures.canvas import Area, Canvas, DoesNotFit
from tests.pictures.fallback import STORIES
from tests.pictures.fallback_stories import Started, example_plan, played
from tests.pictures.gallery import FOLDER, PICTURES, SCREENSHOTS
from tests.pictures.pacing_run import BURST, RATE, SEGMENTS, run
from tests.support.papers import papers

TO_MAKE_THEM = "run: make pictures"
SHOWN = re.compile(r"!\[([^]]*)\]\(([^)\s]+)\)")
SVG = "{http://www.w3.org/2000/svg}"
FROM_ELSEWHERE = re.compile(r"<script|<image|href=|url\(|@import|@font-face|<foreignObject")


def everything_in_the_folder() -> list[Path]:
    return sorted(FOLDER.iterdir())


by_file = pytest.mark.parametrize("path", everything_in_the_folder(), ids=lambda path: path.name)


def shown() -> Iterator[tuple[Path, str]]:
    """Every picture that a page shows, and the words in its place."""
    for page in papers():
        for words, address in SHOWN.findall(page.prose):
            yield (page.path.parent / address).resolve(), " ".join(words.split())


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_as_the_code_draws_it(name: str) -> None:
    assert (FOLDER / name).read_text("utf-8") == PICTURES[name](), TO_MAKE_THEM


def test_the_folder_holds_what_is_made_and_nothing_else() -> None:
    assert {path.name for path in everything_in_the_folder()} == {*PICTURES, *SCREENSHOTS}


def test_every_picture_is_on_a_page_and_every_page_shows_what_there_is() -> None:
    assert {path for path, _ in shown()} == set(everything_in_the_folder())


def test_whoever_cannot_see_a_picture_is_told_what_it_shows() -> None:
    assert [path.name for path, words in shown() if len(words.split()) < 6] == []


@by_file
def test_a_picture_names_and_describes_itself(path: Path) -> None:
    root = ElementTree.fromstring(path.read_text("utf-8"))
    named = {root.find(f"{SVG}{part}").attrib["id"]: root.find(f"{SVG}{part}").text for part in ("title", "desc")}
    assert set(root.attrib["aria-labelledby"].split()) == set(named)
    assert all(named.values())


@by_file
def test_a_picture_loads_nothing_and_has_colours_for_the_night(path: Path) -> None:
    text = path.read_text("utf-8")
    assert FROM_ELSEWHERE.findall(text) == []
    assert text.count("@media (prefers-color-scheme:dark)") == 1


def a_canvas() -> Canvas:
    return Canvas(200, 100, "title", "description")


def test_texts_that_would_lie_on_one_another_are_refused() -> None:
    canvas = a_canvas()
    canvas.text((20, 50), "first")
    with pytest.raises(DoesNotFit, match="'second' lies on 'first'"):
        canvas.text((30, 54), "second")


def test_a_text_that_is_too_long_for_its_box_or_the_sheet_is_refused() -> None:
    with pytest.raises(DoesNotFit):
        a_canvas().lines(Area(0, 0, 40, 30), ["much too long"])
    with pytest.raises(DoesNotFit, match="leaves the sheet"):
        a_canvas().text((150, 50), "over the edge of it")


def test_a_status_without_a_place_is_not_drawn_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(state_machine._PLACES, Status.SENDING)
    with pytest.raises(DoesNotFit, match="sending"):
        state_machine.picture()


def test_a_move_without_an_arrow_is_not_drawn_silently(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(state_machine._WAYS, (Status.SENDING, Status.SENT))
    with pytest.raises(DoesNotFit, match="move"):
        state_machine.picture()


def test_an_arrow_that_does_not_reach_its_box_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(state_machine._WAYS, (Status.SENDING, Status.SENT), [(752, 262), (780, 262)])
    with pytest.raises(DoesNotFit, match="from sending to sent"):
        state_machine.picture()


def test_a_service_of_compose_without_a_place_is_not_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(deployment._PLACES, "beat")
    with pytest.raises(DoesNotFit, match="beat"):
        deployment.picture()


def test_the_run_that_is_plotted_sends_everything_and_keeps_the_buckets_promise() -> None:
    moments = run()
    assert sum(one.granted for one in moments) == SEGMENTS
    for start in range(0, len(moments), 7):
        granted = 0
        for one in moments[start:]:
            granted += one.granted
            assert granted <= BURST + RATE * (one.at - moments[start].at) + 1e-6


def test_the_plan_that_is_drawn_does_in_each_story_what_the_page_says() -> None:
    told = {story.title: list(played(example_plan(), story)) for story in STORIES}
    assert told["it is delivered"] == [Started(3, "clock", "withdrawn")]
    assert [one.number for one in told["a landline, the SMS fails as well"]] == [1, 2, 3]
    assert [one.number for one in told["the carrier says no (30007)"]] == [2, 3]
    assert told["nothing more is heard after sent"] == [Started(3, "clock", "sent")]
    assert told["the recipient has opted out (21610)"] == [Started(3, "clock", "withdrawn")]
