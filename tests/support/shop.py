"""A shop's own code, as keywords call it: what it was told, and what it says."""

from collections.abc import Callable

from messaging_pipeline import KeywordCall


class Shop:
    """Remembers every call. ``says`` decides the next answers; it may raise."""

    def __init__(self) -> None:
        self.calls: list[KeywordCall] = []
        self.says: Callable[[KeywordCall], object] = lambda call: None

    def __call__(self, call: KeywordCall) -> object:
        self.calls.append(call)
        return self.says(call)

    def reset(self) -> None:
        self.__init__()  # type: ignore[misc]


shop = Shop()


def status(call: KeywordCall) -> object:
    """The entry point `tests.support.shop:status`."""
    return shop(call)


async def later(call: KeywordCall) -> None:
    """No function that a worker could call."""


def of_nothing() -> None:
    """A function without an argument for the call."""
