"""Prepares to sign, where ``messaging.toml`` declares buckets; Amazon's library is an extra, and loaded only then."""

from collections.abc import Callable
from importlib import import_module

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.media.signing import MediaAddresses, Sign
from messaging_pipeline.policies.media import MediaPolicy, S3Policy


def media_addresses(policy: MediaPolicy, read_secret: Callable[[str], str]) -> MediaAddresses:
    """Prepare to sign, if ``[media.s3]`` is there; raises InvalidSettings when the keys for it are not."""
    return MediaAddresses(policy, None if policy.s3 is None else _signer(policy.s3, read_secret))


def _signer(policy: S3Policy, read_secret: Callable[[str], str]) -> Sign:
    try:
        client = import_module("messaging_pipeline.media.s3_client")
    except ImportError:
        remedy = "install it with `pip install 'messaging-pipeline[s3]'`"
        raise InvalidSettings("MESSAGING_CONFIG media.s3", "needs boto3, which is not installed", remedy) from None
    sign: Sign = client.signer(policy, read_secret)
    return sign
