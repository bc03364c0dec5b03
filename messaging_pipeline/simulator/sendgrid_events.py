"""SendGrid's event webhook: what became of a letter, signed with a key of its own, posted a little later.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/getting-started-event-webhook-security-features
"""

import json
from base64 import b64encode
from urllib.parse import urlsplit
from uuid import uuid4

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from messaging_pipeline.simulator.simulated_time import unix_now

_HEAD = (
    "POST {target} HTTP/1.1\r\n"
    "Host: {host}\r\n"
    "Content-Type: application/json\r\n"
    "Content-Length: {length}\r\n"
    "User-Agent: SendGrid Event API\r\n"
    "X-Twilio-Email-Event-Webhook-Signature: {signature}\r\n"
    "X-Twilio-Email-Event-Webhook-Timestamp: {timestamp}\r\n"
    "\r\n"
)


class EventKey:
    """The key pair of one simulator; whoever verifies its events is told the public half."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())

    @property
    def public_key(self) -> str:
        """The verification key as SendGrid's settings show it: DER in base64."""
        encoded = self._key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        return b64encode(encoded).decode()

    def request(self, url: str, events: list[dict[str, object]]) -> bytes:
        """Write the signed request that posts these events to ``url``."""
        body, timestamp = json.dumps(events).encode(), str(int(unix_now()))
        signature = self._key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        parts = urlsplit(url)
        head = _HEAD.format(
            target=parts._replace(scheme="", netloc="", fragment="").geturl() or "/",
            host=parts.netloc,
            length=len(body),
            signature=b64encode(signature).decode(),
            timestamp=timestamp,
        )
        return head.encode() + body


def event(word: str, email: str, message_id: str, arguments: dict[str, str]) -> dict[str, object]:
    """Return an event as SendGrid words it; a letter's custom arguments stand in it as fields of their own."""
    return {
        **arguments,
        "email": email,
        "timestamp": int(unix_now()),
        "event": word,
        "sg_event_id": uuid4().hex,
        "sg_message_id": f"{message_id}.simulator-0",
    }
