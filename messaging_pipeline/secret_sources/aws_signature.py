"""Signs a request to AWS (Signature Version 4).

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What AWS knows a caller by; the token comes with keys that are valid for some hours only."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Scope:
    """Which service of which region a signature is for."""

    region: str
    service: str


def sign(
    method: str,
    host: str,
    headers: Mapping[str, str],
    body: bytes,
    *,
    credentials: Credentials,
    scope: Scope,
    now: datetime,
) -> dict[str, str]:
    """Return the headers of a request to the path ``/``, signed: those given, and AWS' own."""
    moment = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    token = {"X-Amz-Security-Token": credentials.session_token} if credentials.session_token else {}
    signed = {**headers, "Host": host, "X-Amz-Date": moment, **token}
    canonical = sorted((name.lower(), " ".join(value.split())) for name, value in signed.items())
    names = ";".join(name for name, _ in canonical)
    lines = "".join(f"{name}:{value}\n" for name, value in canonical)
    request = f"{method}\n/\n\n{lines}\n{names}\n{hashlib.sha256(body).hexdigest()}"
    place = f"{moment[:8]}/{scope.region}/{scope.service}/aws4_request"
    to_sign = f"{_ALGORITHM}\n{moment}\n{place}\n{hashlib.sha256(request.encode()).hexdigest()}"
    signature = _mac(_key(credentials, place), to_sign).hex()
    authorization = (
        f"{_ALGORITHM} Credential={credentials.access_key_id}/{place}, SignedHeaders={names}, Signature={signature}"
    )
    return {**signed, "Authorization": authorization}


def _key(credentials: Credentials, place: str) -> bytes:
    key = f"AWS4{credentials.secret_access_key}".encode()
    for part in place.split("/"):
        key = _mac(key, part)
    return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
