"""SendGrid's signed event webhook: whose word it is, and what it says about letters of ours.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import json
import re
from base64 import b64decode
from binascii import Error as NotBase64
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.twilio_api.callbacks import MalformedCallback

SIGNATURE_HEADER = "X-Twilio-Email-Event-Webhook-Signature"
TIMESTAMP_HEADER = "X-Twilio-Email-Event-Webhook-Timestamp"

_STEP = re.compile(r"(?P<message>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})-(?P<number>[1-9])")
_WORDS = {"delivered": "delivered", "dropped": "dropped", "bounce": "bounced"}


@dataclass(frozen=True, slots=True)
class LetterEvent:
    """What became of the letter of one fallback step."""

    message_id: UUID
    number: int
    word: str
    at: datetime


def read_public_key(text: str) -> EllipticCurvePublicKey:
    """Read the verification key as SendGrid shows it; raises InvalidSettings."""
    try:
        key = load_der_public_key(b64decode(text, validate=True))
    except (ValueError, NotBase64, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, EllipticCurvePublicKey):
        raise InvalidSettings(
            "SENDGRID_WEBHOOK_PUBLIC_KEY",
            "is not a verification key",
            "copy it from SendGrid once more",
        )
    return key


def is_genuine(key: EllipticCurvePublicKey, body: bytes, signature: str, timestamp: str) -> bool:
    """Tell whether SendGrid signed this body: ECDSA with SHA-256 over the timestamp and the body as it came."""
    try:
        key.verify(b64decode(signature, validate=True), timestamp.encode() + body, ECDSA(SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def parse_events(body: bytes) -> list[LetterEvent]:
    """Return what a body tells of our letters; other mails and other kinds of events are none of ours.

    Raises MalformedCallback when it is no list of events.
    """
    try:
        events = json.loads(body)
    except ValueError:
        raise MalformedCallback("body") from None
    if not isinstance(events, list):
        raise MalformedCallback("body")
    return [event for one in events if isinstance(one, dict) and (event := _event(one)) is not None]


def _event(fields: dict[str, Any]) -> LetterEvent | None:
    word, step = _WORDS.get(str(fields.get("event"))), _STEP.fullmatch(str(fields.get("step")))
    seconds = fields.get("timestamp")
    if word is None or step is None:
        return None
    if not isinstance(seconds, int) or not 0 <= seconds < 1 << 33:
        raise MalformedCallback("timestamp")
    return LetterEvent(UUID(step["message"]), int(step["number"]), word, datetime.fromtimestamp(seconds, UTC))
