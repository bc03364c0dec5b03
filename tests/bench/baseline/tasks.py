"""The baseline's Celery application: one task for each message, one for each callback."""

import logging
import os
from functools import cache
from typing import Any

import psycopg
from celery import Celery
from twilio.rest import Client

from tests.bench.baseline import store

app = Celery("baseline", broker=os.environ["CELERY_BROKER_URL"])

# Its ten lines for each request, numbers included, are what everybody switches off first.
logging.getLogger("twilio").setLevel(logging.WARNING)


@cache
def database() -> psycopg.Connection[Any]:
    """Connect once in each process."""
    return psycopg.connect(os.environ["DATABASE_URL"], autocommit=True)


@cache
def twilio() -> Client:
    """Make one client in each process; account and token come from the environment."""
    client = Client()
    client.api.base_url = os.environ["TWILIO_API_BASE_URL"]
    return client


@app.task(name="send_message")  # type: ignore[untyped-decorator]
def send_message(message_id: int) -> None:
    """Send one message and write its SID down."""
    to, body = store.find(database(), message_id)
    message = twilio().messages.create(
        to=to,
        body=body,
        messaging_service_sid=os.environ["TWILIO_MESSAGING_SERVICE_SID"],
        status_callback=os.environ["TWILIO_STATUS_CALLBACK_URL"],
    )
    store.record_sid(database(), message_id, str(message.sid), str(message.status))


@app.task(name="update_status")  # type: ignore[untyped-decorator]
def update_status(sid: str, status: str, error_code: str | None) -> None:
    """Write one callback's status down."""
    store.record_status(database(), sid, status, error_code)
