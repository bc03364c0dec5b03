"""The questions of one run to one account: counted, bounded, and ended when Twilio has enough of them."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, Literal, TypeVar

from tenacity import RetryCallState, Retrying, retry_if_result, stop_after_attempt, wait_random_exponential

from messaging_pipeline.configuration import Tenant
from messaging_pipeline.metrics import record_reconcile_request
from messaging_pipeline.reconcile.report import Ending, Limits
from messaging_pipeline.services.lines import Line
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.twilio_api.remote_messages import (
    AccountRefused,
    MessagePage,
    Missing,
    NotTold,
    RemoteMedia,
    RemoteMessage,
    Throttled,
    Unreachable,
)

_LOST_IN_A_ROW = 3
"""After so many questions about single messages without an answer, Twilio is taken to be away; after one list, too."""

_USUAL_CONCURRENCY = 20
"""What an account bears for certain, where nobody has declared what it does."""

Kind = Literal["fetch", "list", "search", "media"]
Item = TypeVar("Item")
Told = TypeVar("Told")


class NotAnswered(Exception):
    """Raised when a question was not answered, or not asked any more."""


def requests_at_once(tenant: Tenant) -> int:
    """Return how many of an account's requests reconciliation may have open at once; never none."""
    return max(1, int((tenant.api_concurrency or _USUAL_CONCURRENCY) * tenant.reconcile_share))


@dataclass(slots=True)
class Questions:
    """Asks. Its methods may be called by many threads; all of them raise NotAnswered."""

    twilio: TwilioApi
    at_once: int
    limits: Limits
    line: Callable[[], AbstractContextManager[Line]] = Line.free
    asked: int = 0
    unanswered: int = 0
    ending: Ending | None = None
    _lost: int = 0
    _began: float = field(default_factory=time.monotonic)
    _lock: Lock = field(default_factory=Lock)

    def fetch(self, sid: str) -> RemoteMessage | Missing:
        """Ask for one message."""
        answer: RemoteMessage | Missing = self._ask("fetch", partial(self.twilio.fetch, sid))
        return answer

    def fetch_all(self, sids: Sequence[str]) -> dict[str, RemoteMessage | Missing]:
        """Ask for each of these, several at once; those without an answer are left out."""
        return dict(self.together(self.fetch, sids))

    def pages(self, kind: Literal["list", "search"], **filters: Any) -> Iterator[MessagePage]:
        """Read a list page by page. When it is not read to its end, NotAnswered says so.

        A list that leads back to a page of its own has no end; other questions may be answered all the same.
        """
        page: MessagePage = self._ask(kind, partial(self.twilio.list_messages, **filters))
        yield page
        read: set[str] = set()
        while (url := page.next_page_url) is not None:
            if url in read:
                with self._lock:
                    self.unanswered += 1
                raise NotAnswered
            read.add(url)
            page = self._ask(kind, partial(self.twilio.next_page, url))
            yield page

    def media(self, sid: str) -> tuple[RemoteMedia, ...]:
        """Ask for the files of a message; one that is gone has none."""
        answer: tuple[RemoteMedia, ...] | Missing = self._ask("media", partial(self.twilio.list_media, sid))
        return () if isinstance(answer, Missing) else answer

    def together(self, work: Callable[[Item], Told], items: Sequence[Item]) -> Iterator[tuple[Item, Told]]:
        """Do something for each item, as many at once as the account's share allows; leave out what had no answer."""
        if not items:
            return
        with ThreadPoolExecutor(min(self.at_once, len(items)), thread_name_prefix="reconcile") as threads:
            for item, told in zip(items, threads.map(partial(_or_none, work), items), strict=True):
                if told is not None:
                    yield item, told

    def _ask(self, kind: Kind, question: Callable[[], Any]) -> Any:
        """Ask, and again while throttled if the limits allow that."""
        for_throttled = Retrying(
            retry=retry_if_result(lambda answer: isinstance(answer, Throttled)),
            stop=stop_after_attempt(1 + self.limits.throttled_tries),
            wait=wait_random_exponential(multiplier=0.2, max=5.0),
            retry_error_callback=_last_answer,
        )
        return self._judged(kind, for_throttled(self._ask_once, kind, question))

    def _ask_once(self, kind: Kind, question: Callable[[], Any]) -> Any:
        with self._lock:
            self.ending = self.ending or self._limit_reached()
            if self.ending is not None:
                self.unanswered += 1
                raise NotAnswered
            self.asked += 1
        record_reconcile_request(kind)
        with self.line() as line:
            return question() if line.held else Throttled(line.wait_seconds)

    def _limit_reached(self) -> Ending | None:
        requests, seconds = self.limits.requests, self.limits.seconds
        spent = requests is not None and self.asked >= requests
        late = seconds is not None and time.monotonic() - self._began >= seconds
        return "limit" if spent or late else None

    def _judged(self, kind: Kind, answer: Any) -> Any:
        with self._lock:
            if not isinstance(answer, Throttled | Unreachable | AccountRefused):
                self._lost = 0
                return answer
            self.unanswered += 1
            self._lost += isinstance(answer, Unreachable)
            self.ending = self.ending or self._ending_after(kind, answer)
        raise NotAnswered

    def _ending_after(self, kind: Kind, answer: NotTold) -> Ending | None:
        match answer:
            case Throttled():
                return "throttled"
            case AccountRefused():
                return "refused"
            case Unreachable():
                return "unreachable" if kind == "list" or self._lost >= _LOST_IN_A_ROW else None


def _or_none(work: Callable[[Item], Told], item: Item) -> Told | None:
    try:
        return work(item)
    except NotAnswered:
        return None


def _last_answer(state: RetryCallState) -> Any:
    return state.outcome.result() if state.outcome else None
