"""Where media are kept that messages name as ``s3://BUCKET/KEY``: ``[media.s3]`` of ``messaging.toml``."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import product
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.messages.stored_media import BUCKET, StoredMedia, is_stored, parse_stored_media
from messaging_pipeline.secret_sources.reference import SecretReference
from messaging_pipeline.validation.shapes import NAME, Shape

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)

#: What Twilio fetches must live for two hours; S3 signs for a week at most
#: (https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-presigned-url.html).
_TWO_HOURS, _A_WEEK = 7_200, 604_800


def _place(text: str) -> str:
    bucket, slash, prefix = text.partition("/")
    if not BUCKET.fullmatch(bucket) or (slash and not prefix.endswith("/")):
        raise ValueError("must be a bucket, or a bucket and a folder that ends with a slash: `media` or `media/acme/`")
    return text


def _endpoint(text: str) -> str:
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if parts.scheme not in {"https", "http"} or not host or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be the address of an S3 service, such as https://minio.example.com")
    return text.rstrip("/")


Place = Annotated[str, AfterValidator(_place)]
Lifetime = Annotated[int, Field(ge=_TWO_HOURS, le=_A_WEEK)]
_REGION = Shape("[a-z0-9-]{1,63}", "is no region; write one such as us-east-1")

TenantName = Annotated[str, NAME]


@dataclass(frozen=True, config=_STRICT)
class S3Policy:
    """Buckets whose objects are signed when they leave.

    ``buckets`` names, for each tenant, the buckets or folders of buckets that its messages may take from. Without
    ``endpoint_url`` they are Amazon's. The two references name the keys of somebody who may read there; without them
    the keys are looked for where Amazon's SDKs look. ``lifetime_seconds`` is how long Twilio may fetch, and
    ``link_lifetime_seconds`` how long people may open a link in a text; neither is below two hours or above a week.
    """

    region: Annotated[str, _REGION]
    buckets: Annotated[Mapping[TenantName, tuple[Place, ...]], Field(min_length=1)]
    endpoint_url: Annotated[str, AfterValidator(_endpoint)] | None = None
    access_key_id: SecretReference | None = None
    secret_access_key: SecretReference | None = None
    lifetime_seconds: Lifetime = 4 * 3600
    link_lifetime_seconds: Lifetime = _A_WEEK

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.access_key_id is None) is not (self.secret_access_key is None):
            raise ValueError("has half a key; give both access_key_id and secret_access_key, or neither")
        if self.endpoint_url is None and any("." in place.partition("/")[0] for _, place in self._places()):
            raise ValueError("has a bucket with a dot, which Amazon's certificates do not cover; give endpoint_url")
        pairs = product(self._places(), repeat=2)
        if any(one != other and theirs.startswith(ours) for (one, ours), (other, theirs) in pairs):
            raise ValueError("gives one tenant what another one may read; give each a folder of its own in `buckets`")
        return self

    def _places(self) -> Iterator[tuple[str, str]]:
        """Each tenant's places, all ending with a slash."""
        for tenant, places in self.buckets.items():
            for place in places:
                yield tenant, place if place.endswith("/") else f"{place}/"

    def permits(self, tenant: str, stored: StoredMedia) -> bool:
        """Tell whether a tenant's messages may take this object along."""
        return any(tenant == theirs and stored.place.startswith(place) for theirs, place in self._places())

    @property
    def is_encrypted(self) -> bool:
        """Whether what is signed is fetched over TLS."""
        return self.endpoint_url is None or self.endpoint_url.startswith("https://")


@dataclass(frozen=True, config=_STRICT)
class MediaPolicy:
    """What all services share about media."""

    s3: S3Policy | None = None

    def check(self, urls: Sequence[str], tenant: str, *, allow_http: bool) -> None:
        """Raise InvalidInput for an object that this tenant's messages may not take along."""
        for position, url in enumerate(urls):
            if is_stored(url):
                self._check_stored(url, tenant, f"media_urls.{position}", allow_http=allow_http)

    def _check_stored(self, url: str, tenant: str, field: str, *, allow_http: bool) -> None:
        if self.s3 is None:
            raise InvalidInput(field, "is in a bucket, and messaging.toml has no [media.s3]", "declare it")
        if not self.s3.permits(tenant, parse_stored_media(url, field)):
            raise InvalidInput(field, "is in no bucket of this tenant's", "name the bucket in [media.s3.buckets]")
        if not allow_http and not self.s3.is_encrypted:
            raise InvalidInput(
                field,
                "is fetched without TLS",
                "give [media.s3] an https endpoint, or set `media_http` for the service",
            )


def refuse_unknown_tenants(policy: MediaPolicy, tenants: Collection[str], config_path: str | None) -> None:
    """Raise InvalidSettings when buckets are given to a tenant that does not exist."""
    for tenant in policy.s3.buckets if policy.s3 else ():
        if tenant not in tenants:
            raise InvalidSettings(
                f"MESSAGING_CONFIG media.s3.buckets.{tenant}",
                f"there is no tenant {tenant!r} (in {config_path})",
                f"declare [tenants.{tenant}], or name another tenant",
            )
