"""The pages of lists: what the query asks for, and the two forms that Twilio's APIs give them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar
from urllib.parse import urlencode

from messaging_pipeline.simulator.rest import Call, Reply
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.stage import STAGE

MAX_PAGE_SIZE = 1000
DEFAULT_PAGE_SIZE = 50

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class _Page(Generic[Item]):
    """One page of a list that is too short to need tokens; ``next_uri`` is None on the last one."""

    items: Sequence[Item]
    number: int
    size: int
    uri: str
    first_uri: str
    next_uri: str | None


def number_in_query(call: Call, name: str, default: int, prefix: str = "") -> int:
    """Return a whole number of the query; raises ApiError 30400 when it is none."""
    text = call.request.query.get(name, "").removeprefix(prefix)
    if text and not text.isdecimal():
        raise ApiError(30400)
    return int(text or default)


def page_size(call: Call) -> int:
    """Return how many items the query wants on a page, within Twilio's limits."""
    return max(1, min(number_in_query(call, "PageSize", DEFAULT_PAGE_SIZE), MAX_PAGE_SIZE))


def page_of_2010(call: Call, key: str, items: Sequence[Item], as_json: Callable[[Item], dict[str, Any]]) -> Reply:
    """Answer with a page as the API of 2010-04-01 gives it: paths, beside the list."""
    page = _page(call, items)
    return Reply(
        200,
        {
            "end": page.number * page.size + max(0, len(page.items) - 1),
            "first_page_uri": page.first_uri,
            key: [as_json(item) for item in page.items],
            "next_page_uri": page.next_uri,
            "page": page.number,
            "page_size": page.size,
            "previous_page_uri": None,
            "start": page.number * page.size,
            "uri": page.uri,
        },
    )


def page_of_v1(call: Call, key: str, items: Sequence[Item], as_json: Callable[[Item], dict[str, Any]]) -> Reply:
    """Answer with a page as the newer APIs give it: whole addresses, under ``meta``."""
    page = _page(call, items)
    url = call.request.app[STAGE].url
    meta = {
        "first_page_url": url + page.first_uri,
        "key": key,
        "next_page_url": page.next_uri and url + page.next_uri,
        "page": page.number,
        "page_size": page.size,
        "previous_page_url": None,
        "url": url + page.uri,
    }
    return Reply(200, {"meta": meta, key: [as_json(item) for item in page.items]})


def _page(call: Call, items: Sequence[Item]) -> _Page[Item]:
    number, size = number_in_query(call, "Page", 0), page_size(call)
    end = (number + 1) * size
    return _Page(
        items=items[number * size : end],
        number=number,
        size=size,
        uri=call.request.path_qs,
        first_uri=_uri(call, 0),
        next_uri=_uri(call, number + 1) if end < len(items) else None,
    )


def _uri(call: Call, number: int) -> str:
    query = {**call.request.query, "Page": str(number)}
    return f"{call.request.path}?{urlencode(query)}"
