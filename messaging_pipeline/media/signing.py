"""Signs what a message keeps as ``s3://`` at the instant it leaves, so that no signature grows old while it waits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from messaging_pipeline.errors import InvalidInput, PipelineError
from messaging_pipeline.messages.stored_media import StoredMedia, is_stored, parse_stored_media
from messaging_pipeline.policies.media import MediaPolicy

Sign = Callable[[StoredMedia, int], str]
"""Makes an address that everybody may fetch for so many seconds."""


class CannotSign(PipelineError):
    """Raised when media are in a bucket that this process has no right to sign for; nothing has left."""


@dataclass(frozen=True, slots=True)
class MediaAddresses:
    """Turns the media of a message into addresses that others can fetch. May be used by many threads at once."""

    policy: MediaPolicy
    sign: Sign | None

    def to_fetch(self, tenant: str, urls: Sequence[str]) -> list[str]:
        """Return what Twilio is given; raises CannotSign."""
        return self._signed(tenant, urls, self.policy.s3.lifetime_seconds if self.policy.s3 else 0)

    def to_open(self, tenant: str, urls: Sequence[str]) -> list[str]:
        """Return what people are given, who open links days later; raises CannotSign."""
        return self._signed(tenant, urls, self.policy.s3.link_lifetime_seconds if self.policy.s3 else 0)

    def _signed(self, tenant: str, urls: Sequence[str], seconds: int) -> list[str]:
        return [self._sign(tenant, url, seconds) if is_stored(url) else url for url in urls]

    def _sign(self, tenant: str, url: str, seconds: int) -> str:
        """The file may have changed since the message was accepted: what it forbids now is not signed."""
        if self.policy.s3 is None or self.sign is None:
            raise CannotSign("its media are in a bucket, and messaging.toml has no [media.s3]")
        try:
            stored = parse_stored_media(url, "media_urls")
        except InvalidInput as error:
            raise CannotSign(f"its media cannot be signed: {error.reason}") from None
        if not self.policy.s3.permits(tenant, stored):
            raise CannotSign("its media are in a bucket that [media.s3.buckets] does not give to its tenant")
        return self.sign(stored, seconds)
