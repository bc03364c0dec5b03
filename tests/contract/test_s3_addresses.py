"""Addresses that we sign, asked for at a server that checks signatures as S3 does."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
import urllib3
from pydantic import TypeAdapter

from messaging_pipeline.media.s3 import media_addresses
from messaging_pipeline.policies.media import MediaPolicy
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.s3_signature import ACCESS_KEY_ID, SECRET_ACCESS_KEY, RefusedError, check
from tests.support.buckets import MENU, s3


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A signed address of an object that exists."""
    with s3() as simulator, SimulatorControl(simulator.url) as control:
        control.put_object("media", "menus/today 1+1.png", size_bytes=300)
        policy = {
            "s3": {
                "region": "eu-central-1",
                "endpoint_url": f"{simulator.url}/s3",
                "buckets": {"default": ["media"]},
                "access_key_id": "env:ID",
                "secret_access_key": "env:KEY",
            }
        }
        addresses = media_addresses(
            TypeAdapter(MediaPolicy).validate_python(policy),
            {"env:ID": ACCESS_KEY_ID, "env:KEY": SECRET_ACCESS_KEY}.__getitem__,
        )
        yield addresses.to_fetch("default", [MENU])[0]


def asked(address: str) -> tuple[int, str]:
    answer = urllib3.request("GET", address, retries=False)
    return answer.status, answer.headers["Content-Type"] if answer.status == 200 else answer.data.decode()


def test_everybody_may_fetch_what_is_signed(address: str) -> None:
    assert asked(address) == (200, "image/png")


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("today", "tomorrow", "SignatureDoesNotMatch"),
        ("X-Amz-Expires=14400", "X-Amz-Expires=14401", "SignatureDoesNotMatch"),
        ("X-Amz-Expires=14400", "X-Amz-Expires=604801", "AuthorizationQueryParametersError"),
        (ACCESS_KEY_ID, "SOMEBODYELSE", "InvalidAccessKeyId"),
        ("X-Amz-Algorithm=AWS4-HMAC-SHA256", "unsigned=1", "AccessDenied"),
    ],
)
def test_nobody_may_fetch_what_is_signed_for_something_else(address: str, old: str, new: str, code: str) -> None:
    assert old in address
    status, text = asked(address.replace(old, new))
    assert (status, f"<Code>{code}</Code>" in text) == (403, True)


def test_an_address_ends_when_it_says(address: str) -> None:
    parts = urlsplit(address)
    target, headers = f"{parts.path}?{parts.query}", {"host": parts.netloc}
    signed_at = datetime.now(UTC)
    check("GET", target, headers, signed_at + timedelta(seconds=14_000))
    with pytest.raises(RefusedError, match="expired"):
        check("GET", target, headers, signed_at + timedelta(seconds=14_401))
