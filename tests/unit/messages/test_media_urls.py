"""Media addresses: what is one, what is signed, and for how long."""

from datetime import UTC, datetime, timedelta

import pytest

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.messages.media_urls import check_media_rules, check_media_url, expiry_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
BUCKET = "https://bucket.example.com/menu.jpg"


def signed_by_s3(seconds: int, at: datetime = NOON, name: str = "Amz") -> str:
    """An address as S3 and those compatible with it sign it, or as Google does."""
    date = f"{at:%Y%m%dT%H%M%SZ}"
    return f"{BUCKET}?X-{name}-Date={date}&X-{name}-Expires={seconds}&X-{name}-Signature=ab"


def signed_by_azure(ends: str) -> str:
    return f"{BUCKET}?sv=2024-11-04&se={ends}&sr=b&sp=r&sig=ab%3D"


def refusal_of(url: str, *, sending_at: datetime = NOON, allow_http: bool = False) -> InvalidInput | None:
    try:
        check_media_rules(["https://example.com/a.png", url], sending_at=sending_at, allow_http=allow_http)
    except InvalidInput as refusal:
        return refusal
    return None


@pytest.mark.parametrize(
    ("url", "ends_at"),
    [
        (signed_by_s3(7200), NOON + timedelta(hours=2)),
        (signed_by_s3(60, name="Goog"), NOON + timedelta(minutes=1)),
        (f"{BUCKET}?AWSAccessKeyId=A&Expires={int(NOON.timestamp())}&Signature=ab", NOON),
        (f"{BUCKET}?Expires={int(NOON.timestamp())}&Signature=ab&Key-Pair-Id=K", NOON),
        (signed_by_azure("2026-11-23T12:00:00Z"), NOON),
        (signed_by_azure("2026-11-23T12%3A00Z"), NOON),
        (signed_by_azure("2026-11-23"), NOON - timedelta(hours=12)),
        (signed_by_s3(7200) + f"&Expires={int(NOON.timestamp())}&Signature=ab", NOON),
    ],
)
def test_the_end_of_a_signed_address_is_read(url: str, ends_at: datetime) -> None:
    assert expiry_of(url) == ends_at


@pytest.mark.parametrize(
    "url",
    [
        BUCKET,
        f"{BUCKET}?se=sv",
        f"{BUCKET}?se=2026-11-23T12:00:00Z",
        f"{BUCKET}?Expires=3600",
        f"{BUCKET}?Expires=soon&Signature=ab",
        f"{BUCKET}?Expires={'9' * 30}&Signature=ab",
        f"{BUCKET}?X-Amz-Expires=60",
        f"{BUCKET}?X-Amz-Expires={'9' * 30}&X-Amz-Date=20261123T120000Z",
        f"{BUCKET}?X-Amz-Expires=60&X-Amz-Date=yesterday",
        signed_by_azure("later"),
    ],
)
def test_what_says_nothing_about_its_end_is_not_judged(url: str) -> None:
    assert expiry_of(url) is None
    assert refusal_of(url) is None


def test_an_address_must_live_for_two_hours_after_the_time_of_sending() -> None:
    assert refusal_of(signed_by_s3(3600)) is not None
    assert refusal_of(signed_by_s3(7200), sending_at=NOON + timedelta(hours=1)) is not None
    assert refusal_of(signed_by_s3(7200)) is None


def test_an_address_signed_for_two_hours_a_moment_ago_is_fine() -> None:
    assert refusal_of(signed_by_s3(7200, at=NOON - timedelta(minutes=4))) is None


def test_a_refusal_names_the_address_by_its_place_and_does_not_repeat_it() -> None:
    refusal = refusal_of(signed_by_s3(60))
    assert refusal is not None
    assert refusal.field == "media_urls.1"
    assert "bucket" not in str(refusal)


def test_an_address_without_tls_is_refused_unless_allowed() -> None:
    refusal = refusal_of("http://example.com/a.png")
    assert refusal is not None
    assert (refusal.field, refusal.reason) == ("media_urls.1", "is not https")
    assert refusal_of("http://example.com/a.png", allow_http=True) is None


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com/a.png",
        "example.com/a.png",
        "https:///a.png",
        "https://example.com/a b.png",
        "https://[::1/a.png",
        "https://example.com:99999/a.png",
        "https://ada:secret@example.com/a.png",
        "https://ada@example.com/a.png",
        f"https://example.com/{'a' * 4000}",
    ],
)
def test_what_is_no_address_for_everybody_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_media_url(url, "media_urls.0")
    assert refusal.value.field == "media_urls.0"
    assert "secret" not in str(refusal.value)
