"""Whether reading a list costs fewer requests than asking about each message."""

import math

from messaging_pipeline.twilio_api.client import LARGEST_PAGE

_NOT_OURS = 1.25
"""An account's list holds more than what we sent: answers by people, and messages of other programs."""


def cheaper_to_list(quiet: int, in_window: int, page_size: int = LARGEST_PAGE) -> bool:
    """Tell whether the pages of a window are fewer than its quiet messages.

    ``in_window`` is how many messages of ours, quiet or not, lie in it.
    """
    return expected_pages(max(quiet, in_window), page_size) < quiet


def expected_pages(in_window: int, page_size: int = LARGEST_PAGE) -> int:
    """Return how many pages a window with this many messages of ours will have; an empty one has one, too."""
    return max(1, math.ceil(in_window * _NOT_OURS / page_size))
