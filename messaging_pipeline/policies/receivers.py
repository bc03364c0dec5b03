"""Receivers of signed HTTP calls, as ``messaging.toml`` declares them: who may be called, and what proves it is us."""

from collections.abc import Container, Mapping
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.secret_sources.reference import SecretReference
from messaging_pipeline.validation.shapes import Shape

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)
_URL = Shape(
    r"https?://[^\s#@]+",
    "is no URL for a receiver; write one without a login and without #, such as https://crm.example.com/sms",
)


@dataclass(frozen=True, config=_STRICT)
class Receiver:
    """Somebody who is told over HTTP that a message did not arrive.

    ``secret`` names where the key of the signature is. Only ``private_addresses`` lets a call go to an address that is
    not on the public internet, or go unencrypted.
    """

    url: Annotated[str, StringConstraints(max_length=2000), _URL]
    secret: SecretReference
    tenant: str = "default"
    private_addresses: bool = False
    timeout_seconds: Annotated[float, Field(ge=0.1, le=60)] = 10.0

    @model_validator(mode="after")
    def _is_encrypted_in_public(self) -> Self:
        parts = urlsplit(self.url)
        if not parts.hostname:
            raise ValueError("has no host in its url")
        if parts.scheme != "https" and not self.private_addresses:
            raise ValueError("must have an https:// url; http:// is for private_addresses only")
        return self


def refuse_receivers_of_nobody(receivers: Mapping[str, Receiver], tenants: Container[str], file: str | None) -> None:
    """Raise InvalidSettings for a receiver whose tenant is not there: nobody could ever call it."""
    for key, receiver in receivers.items():
        if receiver.tenant not in tenants:
            raise InvalidSettings(
                f"MESSAGING_CONFIG receivers.{key}.tenant",
                f"there is no tenant {receiver.tenant!r} (in {file})",
                f"declare [tenants.{receiver.tenant}], or name another tenant",
            )
