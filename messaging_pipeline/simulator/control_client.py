"""A caller of the simulator's own pages, for demonstrations, audits and tests."""

import json
from typing import Any

import urllib3

_TIMEOUT = urllib3.Timeout(connect=5.0, read=30.0)


class SimulatorControl:
    """Asks a running simulator what has happened, and makes things happen. Use as a context manager.

    Every method raises urllib3.exceptions.HTTPError when the simulator is not reachable, and ValueError,
    with the simulator's own sentence, when it refuses.
    """

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        self._pool = urllib3.PoolManager(timeout=_TIMEOUT, retries=False)

    def __enter__(self) -> "SimulatorControl":
        return self

    def __exit__(self, *_unused: object) -> None:
        self._pool.clear()

    def state(self) -> dict[str, Any]:
        """Return counts, sender queues, opt-outs and faults."""
        return dict(self._call("GET", "state"))

    def messages(self, to: str | None = None) -> dict[str, Any]:
        """Return ``creates`` and ``messages`` of one recipient, or all, bodies included."""
        return dict(self._call("GET", "messages", fields={"to": to} if to else None))

    def ledger(self) -> dict[str, Any]:
        """Return ``creates`` and ``messages`` of the whole run, without bodies."""
        return dict(self._call("GET", "ledger"))

    def mailbox(self) -> list[dict[str, Any]]:
        """Return the mails that have arrived."""
        return list(self._call("GET", "mailbox"))

    def pushes(self) -> list[dict[str, Any]]:
        """Return the notifications that Firebase has taken."""
        return list(self._call("GET", "pushes"))

    def service_account(self) -> dict[str, str]:
        """Return what would be downloaded as the key file of a service account."""
        return dict(self._call("GET", "service-account"))

    def put_object(self, bucket: str, key: str, content_type: str = "image/png", size_bytes: int = 100) -> None:
        """Put a file into a bucket of the simulated S3."""
        document = {"bucket": bucket, "key": key, "content_type": content_type, "size_bytes": size_bytes}
        self._call("POST", "objects", document=document)

    def tickets(self) -> list[dict[str, Any]]:
        """Return the tickets of the three ticket systems, with their entries."""
        return list(self._call("GET", "tickets"))

    def close_ticket(self, system: str, number: str) -> None:
        """Close a ticket as an agent does."""
        self._call("POST", "tickets/close", document={"system": system, "number": number})

    def signed_calls(self) -> list[dict[str, Any]]:
        """Return the signed calls that came to receivers, forged ones too."""
        return list(self._call("GET", "signed-calls"))

    def lookups(self) -> list[dict[str, Any]]:
        """Return what Lookup was asked: by which account, about which number."""
        return list(self._call("GET", "lookups"))

    def verifications(self) -> list[dict[str, Any]]:
        """Return the verifications that were started, with their codes."""
        return list(self._call("GET", "verifications"))

    def reset(self) -> None:
        """Let the simulation begin again."""
        self._call("POST", "reset")

    def set_faults(self, **changes: float) -> dict[str, Any]:
        """Change some faults; returns all that are now in force."""
        return dict(self._call("POST", "faults", document=changes))

    def receive_text(
        self, from_: str, to: str, body: str = "", media_urls: tuple[str, ...] = (), posts: int = 1
    ) -> dict[str, Any]:
        """Let somebody write to one of our numbers, or to a service sid; returns when the webhook has answered."""
        document = {"from": from_, "to": to, "body": body, "media_urls": media_urls, "posts": posts}
        return dict(self._call("POST", "inbound", document=document))

    def miss_call(self, from_: str, to: str, outcome: str = "no-answer", posts: int = 1) -> dict[str, Any]:
        """Let somebody call one of our numbers in vain; returns when the voice webhook has answered."""
        return dict(self._call("POST", "calls", document={"from": from_, "to": to, "outcome": outcome, "posts": posts}))

    def _call(self, method: str, page: str, document: object = None, fields: dict[str, str] | None = None) -> Any:
        url = f"{self._url}/simulator/{page}"
        if document is None:
            answer = self._pool.request(method, url, fields=fields)
        else:
            answer = self._pool.request(method, url, json=document)
        if answer.status >= 400:  # noqa: PLR2004 - an HTTP error
            raise ValueError(answer.json()["error"])
        return json.loads(answer.data) if answer.data else None
