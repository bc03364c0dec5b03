"""The reference pages are what the code makes of them now."""

import pytest

from messaging_pipeline.queues import Task
from tests.support.papers import paper
from tests.support.reference_pages import DOCS, OF_PRODUCERS, PAGES

TO_MAKE_THEM = "run: python -m tests.support.reference_pages"


@pytest.mark.parametrize("name", PAGES)
def test_a_reference_page_is_as_the_code_makes_it(name: str) -> None:
    assert (DOCS / name).read_text("utf-8") == PAGES[name](), TO_MAKE_THEM


def test_the_page_of_tasks_tells_producers_their_own_and_lists_every_task_once() -> None:
    page = paper("docs/reference-tasks.md")
    listed = [row[0].strip("`") for row in page.table("task")]
    assert listed == [task.value for task in OF_PRODUCERS]
    assert all(page.text.count(f"| `{task.value}` | `") == 1 for task in Task)
