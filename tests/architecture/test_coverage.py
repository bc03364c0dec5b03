"""The table of what was asked for: every line is there once, and whatever it names exists."""

import re
from typing import NamedTuple

import pytest

from tests.support.papers import paper
from tests.support.product_source import PROJECT

PAGE = "docs/coverage.md"
LAST = 98
_ROW = re.compile(r"^\| S(\d+) \|(.*)\|$", re.MULTILINE)
_SPAN = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\]\(([^)]+)\)")


class Row(NamedTuple):
    """One line of what was asked for."""

    number: int
    asked_for: str
    state: str
    code: list[str]
    tests: list[str]
    pages: list[str]


def _row(number: str, cells: str) -> Row:
    asked_for, state, code, tests, pages = (cell.strip() for cell in cells.split("|"))
    return Row(int(number), asked_for, state, _SPAN.findall(code), _SPAN.findall(tests), _LINK.findall(pages))


ROWS = [_row(*found) for found in _ROW.findall(paper(PAGE).text)]


def test_every_line_is_there_once_and_in_order() -> None:
    assert [row.number for row in ROWS] == list(range(1, LAST + 1))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"S{row.number}")
def test_what_a_line_names_exists(row: Row) -> None:
    nowhere = [
        one for one in row.code if not any((PROJECT / top / one).is_file() for top in ("messaging_pipeline", ""))
    ]
    nowhere += [one for one in row.tests if not (PROJECT / "tests" / one).is_file()]
    assert nowhere == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"S{row.number}")
def test_what_is_said_to_be_done_names_code_a_test_and_a_page(row: Row) -> None:
    word = row.state.partition(":")[0]
    assert row.asked_for
    assert word in {"yes", "part", "no"}
    if word == "yes":
        assert row.code
        assert row.tests
        assert row.pages
    if word == "part":
        assert row.state.partition(":")[2]
