"""A SendGrid that posts its events, signed with a key of its own."""

import json
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from flask import Flask
from werkzeug.test import TestResponse

from messaging_pipeline.twilio_api.sendgrid_events import SIGNATURE_HEADER, TIMESTAMP_HEADER

TIMESTAMP = "1795435200"


@dataclass(frozen=True)
class CallingSendGrid:
    """Signs and posts."""

    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def public_key(self) -> str:
        """The verification key as SendGrid's settings show it."""
        return b64encode(self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()

    def headers(self, body: bytes, timestamp: str = TIMESTAMP) -> dict[str, str]:
        signature = self.key.sign(timestamp.encode() + body, ec.ECDSA(SHA256()))
        return {SIGNATURE_HEADER: b64encode(signature).decode(), TIMESTAMP_HEADER: timestamp}

    def call(self, app: Flask, events: object) -> TestResponse:
        body = events if isinstance(events, bytes) else json.dumps(events).encode()
        return self.post(app, body, self.headers(body))

    def post(self, app: Flask, body: bytes, headers: dict[str, str]) -> TestResponse:
        return app.test_client().post("/sendgrid/events", data=body, headers=headers, content_type="application/json")


def an_event(step: str, event: str = "delivered", **changes: Any) -> dict[str, Any]:
    """An event as SendGrid posts it, with the step among its custom arguments."""
    return {
        "email": "ada@example.com",
        "event": event,
        "timestamp": 1_795_435_200,
        "sg_event_id": "ZGVsaXZlcmVkLTA",
        "sg_message_id": "14c5d75ce93.dfd.64b469.filter0001.16648.5515E0B88.0",
        "step": step,
        **changes,
    }
