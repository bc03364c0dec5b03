"""What a tenant may say about copies of files, and what is refused before anything is copied."""

from typing import Any

import pytest
from pydantic import ValidationError

from messaging_pipeline.policies.inbound_media import InboundMediaPolicy


def policy(**changes: Any) -> InboundMediaPolicy:
    return InboundMediaPolicy(**{"store": "/var/lib/media", **changes})


@pytest.mark.parametrize(
    ("content_types", "content_type", "taken"),
    [
        (("image/*",), "image/png", True),
        (("image/*",), "imagery/png", False),
        (("image/png",), "image/png", True),
        (("image/png",), "image/jpeg", False),
        (("text/*",), "", False),
    ],
)
def test_a_type_is_taken_by_name_or_by_family(content_types: tuple[str, ...], content_type: str, taken: bool) -> None:
    assert policy(content_types=content_types).takes(content_type) is taken


def test_a_page_that_could_run_is_not_among_the_usual_types() -> None:
    assert [one for one in ("text/html", "application/javascript", "image/png") if policy().takes(one)] == ["image/png"]


@pytest.mark.parametrize(
    "changes",
    [
        {"store": "media"},
        {"store": "~/media"},
        {"store": "s3://key:secret@bucket/media"},
        {"store": "s3://bucket/media?key=secret"},
        {"max_bytes": 0},
        {"content_types": ()},
        {"content_types": ("*",)},
        {"private_hosts": ("http://127.0.0.1",)},
        {"unknown": 1},
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        policy(**changes)
    assert "secret" not in str(caught.value)
