"""Makes what tests need, with defaults for everything a test does not care about."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet

from messaging_pipeline.clock import Clock
from messaging_pipeline.settings import Settings
from messaging_pipeline.worker_runtime import WorkerRuntime, build_worker_runtime

ACCOUNT_SID = "AC" + "a" * 32
AUTH_TOKEN = "token-of-the-default-tenant"
SERVICE_SID = "MG" + "b" * 32
RECIPIENT = "+14155550123"
ENCRYPTION_KEY = Fernet.generate_key().decode()
CALLBACK_URL = "https://sms.example.com/twilio/status"


def environment(**changes: str | None) -> dict[str, str]:
    """Return an environment in which every process can start; a change to None unsets a variable."""
    values: dict[str, str | None] = {
        "TWILIO_ACCOUNT_SID": ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": AUTH_TOKEN,
        "TWILIO_MESSAGING_SERVICE_SID": SERVICE_SID,
        "TWILIO_STATUS_CALLBACK_PUBLIC_URL": CALLBACK_URL,
        "TWILIO_API_BASE_URL": "http://127.0.0.1:9",
        "DATABASE_URL": "postgresql://127.0.0.1:9/nowhere",
        "REDIS_URL": "redis://127.0.0.1:9/0",
        "MESSAGING_ENCRYPTION_KEYS": ENCRYPTION_KEY,
        "ACME_AUTH_TOKEN": "token-of-acme",
        **changes,
    }
    return {name: value for name, value in values.items() if value is not None}


def settings(**changes: str | None) -> Settings:
    """Return settings made from :func:`environment`."""
    return Settings.from_environment(environment(**changes))


@contextmanager
def worker_runtime(clock: Clock | None = None, *, threads: int = 4, **changes: str | None) -> Iterator[WorkerRuntime]:
    """Build a worker's runtime, and close it."""
    runtime = build_worker_runtime(settings(**changes), name="tests", threads=threads, clock=clock)
    try:
        yield runtime
    finally:
        runtime.close()


def configuration_file(folder: Path, text: str) -> str:
    """Write a messaging.toml and return its path."""
    path = folder / "messaging.toml"
    path.write_text(text, "utf-8")
    return str(path)


def a_send(**changes: Any) -> dict[str, Any]:
    """Return the arguments of a send."""
    return {"to": RECIPIENT, "body": "Your table is ready.", **changes}
