"""An event that somebody is told, and what it says."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from messaging_pipeline.errors import PipelineError
from messaging_pipeline.pseudonyms import has_gone
from messaging_pipeline.sealing import Sealer


class NotTold(PipelineError):
    """Raised when an event was not taken. The text says why, in our own words: theirs may hold anything.

    ``again`` tells whether it may be taken later, and ``rests`` whether all others would meet the same just now.
    """

    def __init__(self, explanation: str, *, again: bool = True, rests: bool = False) -> None:
        super().__init__(explanation)
        self.again = again
        self.rests = rests


@dataclass(frozen=True, slots=True)
class Notice:
    """An event in this worker's hands; what it is about is read when it is told, and may have gone by then."""

    id: int
    notice_id: UUID
    tenant: str
    event: str
    message_id: UUID | None
    sid: str | None
    status: str | None
    error_code: int | None
    at: datetime
    attempts: int
    service: str | None
    tags: Mapping[str, str] | None
    number: str | None = field(repr=False)
    content: bytes | None = field(repr=False)
    payload: bytes | None = field(repr=False)

    def as_json(self, include: Collection[str], sealer: Sealer) -> dict[str, Any]:
        """Return what is told; raises CannotUnseal when the text is wanted and no key opens it."""
        told: dict[str, Any] = {
            "id": str(self.notice_id),
            "event": self.event,
            "at": self.at.isoformat(),
            "tenant": self.tenant,
            "service": self.service,
            "sid": self.sid,
        }
        if self.message_id is not None:
            told |= {
                "message_id": str(self.message_id),
                "status": self.status,
                "error_code": self.error_code,
                "tags": dict(self.tags or {}),
            }
        if "number" in include:
            told["number"] = None if has_gone(self.number or "") else self.number
        if "body" in include:
            told["body"] = self._body(sealer)
        return told

    def _body(self, sealer: Sealer) -> str | None:
        if self.content is not None:
            body = sealer.unseal(self.content).get("body")
        elif self.payload is not None:
            body = next((value for name, value in sealer.unseal(self.payload) if name == "Body"), None)
        else:
            return None
        return None if body is None else str(body)
