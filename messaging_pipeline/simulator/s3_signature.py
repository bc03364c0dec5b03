"""Checks the signature in the query of an address, as S3 does.

https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

ACCESS_KEY_ID = "SIMULATEDACCESSKEY00"
SECRET_ACCESS_KEY = "simulated-secret-access-key"  # noqa: S105 - opens nothing but a simulator on loopback

_ALGORITHM = "AWS4-HMAC-SHA256"
_A_WEEK_SECONDS = 604_800


class RefusedError(Exception):
    """Raised for a signature that opens nothing; ``code`` is S3's word for why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text


def check(method: str, target: str, headers: Mapping[str, str], now: datetime) -> None:
    """Raise RefusedError unless the request target, as it came over the wire, is signed and has not expired."""
    path, _, query = target.partition("?")
    fields = dict(parse_qsl(query, keep_blank_values=True))
    if fields.get("X-Amz-Algorithm") != _ALGORITHM:
        raise RefusedError("AccessDenied", "Access Denied")
    key_id, _, scope = fields.get("X-Amz-Credential", "").partition("/")
    if key_id != ACCESS_KEY_ID:
        raise RefusedError("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
    _check_time(fields, now)
    expected = _signature(method, path, query, headers, fields, scope)
    if not hmac.compare_digest(expected, fields.get("X-Amz-Signature", "")):
        raise RefusedError("SignatureDoesNotMatch", "The request signature we calculated does not match.")


def _check_time(fields: Mapping[str, str], now: datetime) -> None:
    try:
        signed_at = datetime.strptime(fields["X-Amz-Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        seconds = int(fields["X-Amz-Expires"])
    except (KeyError, ValueError):
        raise RefusedError("AuthorizationQueryParametersError", "X-Amz-Date and X-Amz-Expires are required") from None
    if not 0 < seconds <= _A_WEEK_SECONDS:
        raise RefusedError("AuthorizationQueryParametersError", "X-Amz-Expires must be less than a week (in seconds)")
    if now >= signed_at + timedelta(seconds=seconds):
        raise RefusedError("AccessDenied", "Request has expired")


def _signature(
    method: str, path: str, query: str, headers: Mapping[str, str], fields: Mapping[str, str], scope: str
) -> str:
    names = fields.get("X-Amz-SignedHeaders", "")
    signed = "".join(f"{name}:{' '.join(headers.get(name, '').split())}\n" for name in names.split(";"))
    canonical_query = "&".join(sorted(part for part in query.split("&") if not part.startswith("X-Amz-Signature=")))
    request = f"{method}\n{path}\n{canonical_query}\n{signed}\n{names}\nUNSIGNED-PAYLOAD"
    digest = hashlib.sha256(request.encode()).hexdigest()
    to_sign = f"{_ALGORITHM}\n{fields['X-Amz-Date']}\n{scope}\n{digest}"
    key = f"AWS4{SECRET_ACCESS_KEY}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, to_sign.encode(), "sha256").hex()
