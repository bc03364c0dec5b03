"""The simulated Google: one service account, whose key is made when somebody first asks for it."""

import json
from base64 import urlsafe_b64decode
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN_PATH = "/oauth2/token"  # noqa: S105 - a path, no secret

PROJECT_ID = "simulated-project"

_EMAIL = f"pipeline@{PROJECT_ID}.iam.gserviceaccount.com"
_SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
#: What Google's own library signs for, wherever it asks.
_GOOGLE = "https://oauth2.googleapis.com/token"
_KEY_BITS = 2048


class RefusedError(Exception):
    """Raised for an assertion that opens nothing; ``code`` is OAuth's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(slots=True)
class Firebase:
    """The tokens that are out, and the notifications that have come."""

    tokens: set[str] = field(default_factory=set)
    pushes: list[Mapping[str, Any]] = field(default_factory=list)


@cache
def _key() -> RSAPrivateKey:
    return generate_private_key(65537, _KEY_BITS)


def account_json(url: str) -> dict[str, str]:
    """Return the account as Google lets it be downloaded; ``url`` is where the simulator is."""
    pem = _key().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return {
        "type": "service_account",
        "project_id": PROJECT_ID,
        "client_email": _EMAIL,
        "private_key_id": "1",
        "private_key": pem,
        "token_uri": url + TOKEN_PATH,
    }


def check_assertion(assertion: str, *, audience: str, now: float) -> None:
    """Raise RefusedError unless the account has signed this, for this address and for now (RFC 7523)."""
    signed, _, signature = assertion.rpartition(".")
    try:
        _key().public_key().verify(_bytes(signature), signed.encode(), PKCS1v15(), SHA256())
        claims = json.loads(_bytes(signed.partition(".")[2]))
        meant_for_us = (
            claims["iss"] == _EMAIL and claims["aud"] in {audience, _GOOGLE} and _SCOPE in claims["scope"].split()
        )
        in_time = claims["iat"] <= now + 60 and now < claims["exp"]
    except (InvalidSignature, ValueError, KeyError, TypeError, AttributeError):
        raise RefusedError("invalid_grant") from None
    if not (meant_for_us and in_time):
        raise RefusedError("invalid_grant")


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
