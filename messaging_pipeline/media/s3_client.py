"""S3, and what is compatible with it: addresses that are signed, and asked for by nobody here."""

from collections.abc import Callable
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.media.signing import Sign
from messaging_pipeline.messages.stored_media import StoredMedia
from messaging_pipeline.policies.media import S3Policy

_SETTING = "MESSAGING_CONFIG media.s3"


def signer(policy: S3Policy, read_secret: Callable[[str], str]) -> Sign:
    """Return what signs for these buckets; raises InvalidSettings when there are no keys that last."""
    client = _client(policy, read_secret)

    def sign(stored: StoredMedia, seconds: int) -> str:
        place = {"Bucket": stored.bucket, "Key": stored.key}
        return str(client.generate_presigned_url("get_object", Params=place, ExpiresIn=seconds))

    return sign


def _client(policy: S3Policy, read_secret: Callable[[str], str]) -> Any:
    """Return boto3's client; clients, unlike sessions, may be shared by threads."""
    keys = [None if one is None else read_secret(one) for one in (policy.access_key_id, policy.secret_access_key)]
    # Addresses are named outright: left to itself, botocore signs for the oldest region's host.
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path" if policy.endpoint_url else "virtual"},
        ignore_configured_endpoint_urls=True,
    )
    try:
        session = boto3.Session(*keys, region_name=policy.region)
        _refuse_what_ends_early(session.get_credentials())
        return session.client("s3", endpoint_url=policy.endpoint_url, config=config)
    except (BotoCoreError, ValueError) as error:
        reason = f"cannot be used ({type(error).__name__})"
        raise InvalidSettings(_SETTING, reason, "check the keys, the region and Amazon's variables") from None


def _refuse_what_ends_early(credentials: Any) -> None:
    """A signature ends with the keys that made it: those of a role may do so within minutes, unnoticed."""
    remedy = "give access_key_id and secret_access_key of a user who may only read the buckets"
    if credentials is None:
        raise InvalidSettings(_SETTING, "has no keys to sign with", remedy)
    if credentials.get_frozen_credentials().token:
        raise InvalidSettings(_SETTING, "would sign with a role's keys, and end with them before time", remedy)
