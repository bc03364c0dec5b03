"""What a message says: a body, media, or both; and what it weighs."""

from collections.abc import Sequence
from dataclasses import dataclass

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.messages.media_urls import check_media_url
from messaging_pipeline.messages.segments import SegmentCount, count_segments

#: Twilio refuses a longer body with error 21617.
MAX_BODY_CHARACTERS = 1600
#: Twilio refuses more media with error 21623.
MAX_MEDIA = 10


@dataclass(frozen=True, slots=True)
class Content:
    """A body of at most 1,600 characters, up to ten media URLs, or both."""

    body: str | None
    media_urls: tuple[str, ...]

    def weight(self) -> SegmentCount:
        """Count the segments; with media it goes as one MMS, whatever the text's length."""
        text = count_segments(self.body or "")
        return SegmentCount(text.encoding, 1) if self.media_urls else text

    def as_json(self) -> dict[str, object]:
        """The form that is sealed and stored."""
        return {"body": self.body, "media_urls": list(self.media_urls)}


def parse_content(body: str | None, media_urls: Sequence[str]) -> Content:
    """Check a body and its media; raises InvalidInput naming the field."""
    if not (body and body.strip()) and not media_urls:
        raise InvalidInput("body", "is empty and there is no media", "give a body, media_urls, or both")
    if body and len(body) > MAX_BODY_CHARACTERS:
        raise InvalidInput(
            "body",
            f"has {len(body):,} characters",
            f"Twilio takes at most {MAX_BODY_CHARACTERS:,}; shorten it, or move the detail to a link",
        )
    if len(media_urls) > MAX_MEDIA:
        raise InvalidInput(
            "media_urls", f"has {len(media_urls)} items", f"Twilio takes at most {MAX_MEDIA}; send fewer"
        )
    for position, url in enumerate(media_urls):
        check_media_url(url, f"media_urls.{position}")
    return Content(body or None, tuple(media_urls))
