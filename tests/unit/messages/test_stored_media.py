"""Media named by where they are kept: what is a bucket, what is an object, and what would lead elsewhere."""

import pytest

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.messages.content import parse_content
from messaging_pipeline.messages.stored_media import StoredMedia, parse_stored_media


@pytest.mark.parametrize(
    ("url", "bucket", "key"),
    [
        ("s3://media/menu.png", "media", "menu.png"),
        ("s3://my.media-1/a/b c/ü?.png", "my.media-1", "a/b c/ü?.png"),
        ("s3://media//menu#1.png", "media", "/menu#1.png"),
    ],
)
def test_an_object_is_a_bucket_and_a_key_as_it_is(url: str, bucket: str, key: str) -> None:
    assert parse_stored_media(url, "media_urls.0") == StoredMedia(bucket, key)


@pytest.mark.parametrize(
    "url",
    [
        "s3://",
        "s3://media",
        "s3://media/",
        "s3://Media/secret.png",
        "s3://a/secret.png",
        "s3://key:word@media/secret.png",
        "s3://media--x-s3/secret.png",
        "s3://media/acme/../secret.png",
        "s3://media/./secret.png",
        "s3://media/secret\n.png",
        "s3://media/secret" + "x" * 1024,
    ],
)
def test_what_names_no_object_is_refused_by_its_place_and_not_repeated(url: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_content(None, ["https://example.com/a.png", url])
    assert refusal.value.field == "media_urls.1"
    assert "secret" not in str(refusal.value)
