"""Whole lists of Twilio's, read page after page."""

from collections.abc import Callable
from typing import Any, TypeVar

from messaging_pipeline.twilio_api.asking import ask
from messaging_pipeline.twilio_api.remote_messages import Missing, NotTold, UnreadableAnswer
from messaging_pipeline.twilio_api.wire import PooledHttpClient

Answer = TypeVar("Answer")

_PAGE_SIZE = 50
"""The most services that Twilio puts on a page."""


class Lists:
    """Reads lists of an account. Every page is asked for once; nothing of the wire's is raised."""

    def __init__(self, wire: PooledHttpClient) -> None:
        self._wire = wire

    def read(
        self, domain: Any, resource: Any, read: Callable[[Any], Answer], limit: int, **filters: str
    ) -> tuple[Answer, ...] | Missing | NotTold:
        """Ask for page after page, as long as Twilio names a next one and more are wanted."""
        found: list[Answer] = []
        known: set[str] = set()
        size = min(limit, _PAGE_SIZE)
        page = self._page(domain, lambda: resource.page(page_size=size, **filters), read, known)
        while isinstance(page, tuple):
            records, next_page_url = page
            found += records
            if next_page_url is None or len(found) >= limit:
                return tuple(found[:limit])
            page = self._page(domain, _following(resource, next_page_url), read, known)
        return page

    def _page(
        self, domain: Any, question: Callable[[], Any], read: Callable[[Any], Answer], known: set[str]
    ) -> tuple[list[Answer], str | None] | Missing | NotTold:
        base_url = domain.base_url.rstrip("/") + "/"
        return ask(
            self._wire,
            question,
            lambda page: ([read(one) for one in page], _onward(_beneath(base_url, page.next_page_url), known)),
        )


def _following(resource: Any, url: str) -> Callable[[], Any]:
    return lambda: resource.get_page(url)


def _beneath(base_url: str, url: str | None) -> str | None:
    """The account's credentials go to no other place that an answer may name."""
    if url is not None and not url.startswith(base_url):
        raise UnreadableAnswer("next_page_url")
    return url


def _onward(url: str | None, known: set[str]) -> str | None:
    """A list that leads back to a page of its own has no end."""
    if url is not None and url in known:
        raise UnreadableAnswer("next_page_url")
    known |= set() if url is None else {url}
    return url
