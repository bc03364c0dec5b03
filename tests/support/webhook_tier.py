"""The webhook tier as a Flask application, and a Twilio that calls it with real signatures."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from flask import Flask
from werkzeug.test import TestResponse

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.twilio_api.signature import sign
from tests.support.factories import AUTH_TOKEN, settings
from webhooks.app import create_app
from webhooks.inbound import PUBLISHER

ORIGIN = "https://sms.example.com"
MESSAGE_ID = "0191e5c0-0000-7000-8000-000000000001"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FORM_TYPE = "application/x-www-form-urlencoded"
SIGNATURE = "X-Twilio-Signature"

Fields = Iterable[tuple[str, str]]


@dataclass(frozen=True)
class CallingTwilio:
    """Posts forms to the tier, signed for the address that is configured at Twilio."""

    app: Flask
    origin: str = ORIGIN
    token: str = AUTH_TOKEN

    def with_token(self, token: str) -> "CallingTwilio":
        return replace(self, token=token)

    def call(
        self, target: str, form: Mapping[str, str] | Fields, *, as_seen: str | None = None, **options: Any
    ) -> TestResponse:
        """Post a form to a raw target; ``as_seen`` is the address that Twilio called, by default origin and target."""
        fields = list(form.items()) if isinstance(form, Mapping) else list(form)
        signature = sign(as_seen or self.origin + target, fields, self.token)
        return self.post(target, urlencode(fields).encode(), {SIGNATURE: signature}, **options)

    def post(self, target: str, body: bytes, headers: Mapping[str, str] | None = None, **options: Any) -> TestResponse:
        """Post bytes to a raw target with these headers and no others of Twilio's."""
        return self.app.test_client().post(
            target, data=body, headers=dict(headers or {}), **{"content_type": FORM_TYPE, **options}
        )


@contextmanager
def webhook_tier(**changes: str | None) -> Iterator[CallingTwilio]:
    """Make the tier from an environment with these changes; its clock stands at noon."""
    app = create_app(settings(**changes), clock=ManualClock(NOON))
    try:
        yield CallingTwilio(app)
    finally:
        app.extensions[PUBLISHER].close()


def a_status(**changes: str | None) -> dict[str, str]:
    """A status callback as Twilio posts it; a change to None leaves a field out."""
    fields: dict[str, str | None] = {
        "AccountSid": "AC" + "a" * 32,
        "ApiVersion": "2010-04-01",
        "From": "+15017250604",
        "MessageSid": "SM" + "1" * 32,
        "MessageStatus": "delivered",
        "SmsSid": "SM" + "1" * 32,
        "SmsStatus": "delivered",
        "To": "+15558675310",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}


def an_inbound(**changes: str | None) -> dict[str, str]:
    """An inbound message as Twilio posts it."""
    fields: dict[str, str | None] = {
        "AccountSid": "AC" + "a" * 32,
        "ApiVersion": "2010-04-01",
        "Body": "Is my table ready?",
        "From": "+15558675310",
        "FromCity": "",
        "MessageSid": "SM" + "2" * 32,
        "NumMedia": "0",
        "NumSegments": "1",
        "SmsMessageSid": "SM" + "2" * 32,
        "SmsSid": "SM" + "2" * 32,
        "SmsStatus": "received",
        "To": "+15017250604",
        **changes,
    }
    return {name: value for name, value in fields.items() if value is not None}
