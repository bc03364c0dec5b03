"""Judges a message's media one by one, and remembers for some minutes what was fine."""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from messaging_pipeline.media.findings import File, Limits, NotNow, Unfit
from messaging_pipeline.media.looking import LARGEST_BYTES, look_at

#: Larger files are shrunk or refused by many carriers.
ADVISED_BYTES = 500 * 1024

_REMEMBERED_SECONDS = 300.0
_MOST_REMEMBERED = 1000

_MAIN_KINDS = frozenset({"image", "audio", "video"})
_OTHER_KINDS = frozenset(
    {
        "application/pdf",
        "application/vcard",
        "application/vnd.apple.pkpass",
        "text/calendar",
        "text/csv",
        "text/directory",
        "text/richtext",
        "text/rtf",
        "text/vcard",
        "text/x-vcard",
    }
)
"""What Twilio takes (https://www.twilio.com/docs/messaging/guides/accepted-mime-types)."""

Look = Callable[[str, Limits, float], File]


class MediaChecks:
    """Looks at media. May be used by many threads at once; make one per process."""

    def __init__(self, look: Look = look_at, monotonic_seconds: Callable[[], float] = time.monotonic) -> None:
        """Prepare; nothing is asked yet."""
        self._look = look
        self._now = monotonic_seconds
        self._lock = threading.Lock()
        self._fine: OrderedDict[tuple[str, Limits], tuple[float, File]] = OrderedDict()

    def check(
        self, urls: Sequence[str], limits: Limits, deadline: float, address_of: Callable[[str], str] = str
    ) -> list[str]:
        """Return what people should know of media that will go; raises Unfit or NotNow, naming which one by number.

        ``deadline`` is in monotonic seconds. ``address_of`` says where to look for what is no address itself.
        """

        def look(url: str) -> File:
            return self._look(address_of(url), limits, deadline)

        files = [self._judged(number, url, limits, look) for number, url in enumerate(urls, start=1)]
        whole = sum(one.size_bytes for one in files)
        if whole > LARGEST_BYTES:
            raise Unfit(f"the media have {_megabytes(whole)} MB together, and Twilio takes 5 MB a message")
        return [
            f"media {number} has {one.size_bytes // 1024} KB; below 500 KB more carriers deliver it as it is"
            for number, one in enumerate(files, start=1)
            if one.size_bytes > ADVISED_BYTES
        ]

    def _judged(self, number: int, url: str, limits: Limits, look: Callable[[str], File]) -> File:
        try:
            found = self._remembered(url, limits) or self._fresh(url, limits, look)
        except Unfit as error:
            raise Unfit(f"media {number} {error}") from None
        except NotNow as error:
            raise NotNow(f"media {number} cannot be looked at: {error}") from None
        return found

    def _remembered(self, url: str, limits: Limits) -> File | None:
        with self._lock:
            until, found = self._fine.get((url, limits), (0.0, None))
        return found if self._now() < until else None

    def _fresh(self, url: str, limits: Limits, look: Callable[[str], File]) -> File:
        found = look(url)
        _refuse_unfit(found)
        with self._lock:
            self._fine[url, limits] = (self._now() + _REMEMBERED_SECONDS, found)
            while len(self._fine) > _MOST_REMEMBERED:
                self._fine.popitem(last=False)
        return found


def _refuse_unfit(found: File) -> None:
    if found.content_type.partition("/")[0] not in _MAIN_KINDS and found.content_type not in _OTHER_KINDS:
        raise Unfit("is of a type that Twilio does not take")
    if found.size_bytes > LARGEST_BYTES:
        raise Unfit(f"has {_megabytes(found.size_bytes)} MB, and Twilio takes 5 MB a message")
    if found.size_bytes == 0:
        raise Unfit("is empty")


def _megabytes(size_bytes: int) -> str:
    return f"{size_bytes / 1024 / 1024:.1f}"
