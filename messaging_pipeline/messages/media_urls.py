"""What a media address must be so that Twilio can fetch it: public, without credentials, and alive long enough."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.messages.stored_media import is_stored, parse_stored_media

_MAX_URL_CHARACTERS = 4000

#: Twilio fetches when it sends, and the message may wait in its queue before.
LEAST_LIFE = timedelta(hours=2)
#: An address that was signed for two hours has lived a moment when it comes to us.
_FORGIVEN = timedelta(minutes=5)

_PUBLIC = "give a public https URL that Twilio can fetch"
_SIGNED_WITH_A_DATE = (("x-amz-date", "x-amz-expires"), ("x-goog-date", "x-goog-expires"))


def check_media_url(url: str, field: str) -> None:
    """Raise InvalidInput, naming ``field``, for what is no web address or holds a user name or a password.

    ``s3://BUCKET/KEY`` is none, and becomes one when the message leaves.
    """
    if is_stored(url):
        parse_stored_media(url, field)
        return
    if len(url) > _MAX_URL_CHARACTERS:
        raise InvalidInput(field, f"is longer than {_MAX_URL_CHARACTERS:,} characters", _PUBLIC)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidInput(field, "is not a URL", _PUBLIC) from None
    if parts.scheme not in {"http", "https"} or not host or port == 0 or any(one.isspace() for one in url):
        raise InvalidInput(field, "is not a web address", _PUBLIC)
    if "@" in parts.netloc:
        raise InvalidInput(field, "holds credentials", "sign the URL instead; Twilio shows it in its logs")


def check_media_rules(urls: Sequence[str], *, sending_at: datetime, allow_http: bool) -> None:
    """Raise InvalidInput for an address that is not encrypted, or that ends too early after the time of sending."""
    for position, url in enumerate(urls):
        field = f"media_urls.{position}"
        if is_stored(url):
            continue
        if not allow_http and urlsplit(url).scheme != "https":
            raise InvalidInput(field, "is not https", "give an https URL, or set `media_http` for the service")
        if ends_too_early(url, sending_at):
            raise InvalidInput(
                field, "expires less than 2 hours after the time of sending", "sign it for longer, then send again"
            )


def ends_too_early(url: str, sending_at: datetime) -> bool:
    """Tell whether a signed address ends before Twilio is sure to have fetched what is sent then."""
    ends_at = expiry_of(url)
    return ends_at is not None and ends_at < sending_at + LEAST_LIFE - _FORGIVEN


def expiry_of(url: str) -> datetime | None:
    """Return when a signed address ends; None when it is not signed in a way that says so.

    Known are the ways of S3 and Google (a date and seconds from it, or ``Expires`` in Unix seconds beside
    ``Signature``, as CloudFront's) and of Azure (``se`` beside ``sig``). With several, the earliest counts.
    """
    fields = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    found = [_date_and_seconds(fields.get(date), fields.get(seconds)) for date, seconds in _SIGNED_WITH_A_DATE]
    if "signature" in fields:
        found.append(_unix_seconds(fields.get("expires")))
    if "sig" in fields:
        found.append(_moment(fields.get("se")))
    return min((one for one in found if one is not None), default=None)


def _date_and_seconds(date: str | None, seconds: str | None) -> datetime | None:
    try:
        begins_at = datetime.strptime(date or "", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return begins_at + timedelta(seconds=int(seconds or ""))
    except (ValueError, OverflowError):
        return None


def _unix_seconds(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(text or ""), UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _moment(text: str | None) -> datetime | None:
    try:
        ends_at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return ends_at if ends_at.tzinfo else ends_at.replace(tzinfo=UTC)
