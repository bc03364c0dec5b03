"""Reading a list or asking about each: whichever costs fewer requests."""

import pytest
from hypothesis import strategies as st

from messaging_pipeline.reconcile.cheaper import cheaper_to_list, expected_pages
from tests.support.properties import given


@pytest.mark.parametrize(
    ("quiet", "in_window", "listed"),
    [
        (1, 1, False),
        (2, 2, True),
        (2, 700, True),
        (2, 900, False),
        (200, 100_000, True),
        (50, 100_000, False),
        (0, 0, False),
    ],
)
def test_a_list_is_read_when_its_pages_are_fewer_than_its_quiet_messages(
    quiet: int, in_window: int, listed: bool
) -> None:
    assert cheaper_to_list(quiet, in_window) is listed


@given(st.integers(0, 5000), st.integers(0, 1_000_000))
def test_what_is_chosen_is_never_the_dearer_one(quiet: int, in_window: int) -> None:
    pages = expected_pages(max(quiet, in_window))
    assert (pages if cheaper_to_list(quiet, in_window) else quiet) <= max(1, min(pages, quiet))


@given(st.integers(0, 5000), st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_a_fuller_window_never_makes_a_list_more_attractive(quiet: int, few: int, more: int) -> None:
    assert cheaper_to_list(quiet, few + more) <= cheaper_to_list(quiet, few)
