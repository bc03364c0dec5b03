"""Which pictures there are, and what draws each."""

from collections.abc import Callable

from tests.pictures import at_most_once, deployment, fallback, message_way, pacing, state_machine
from tests.pictures.scenes import SCENES
from tests.support.product_source import PROJECT

FOLDER = PROJECT / "docs" / "pictures"

PICTURES: dict[str, Callable[[], str]] = {
    "at-most-once.svg": at_most_once.picture,
    "deployment.svg": deployment.picture,
    "fallback.svg": fallback.picture,
    "message-way.svg": message_way.picture,
    "pacing.svg": pacing.picture,
    "state-machine.svg": state_machine.picture,
}

SCREENSHOTS: tuple[str, ...] = tuple(SCENES)
"""Taken by ``make screenshots``; they hold ids and times, so no test compares them with anything."""
