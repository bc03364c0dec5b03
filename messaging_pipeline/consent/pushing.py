"""Hands on to Twilio's own list of consent what it does not know yet, on request and for one service."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from psycopg.rows import dict_row

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool, transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.twilio_api.consents import MOST_CONSENTS, SOURCES
from messaging_pipeline.twilio_api.remote_messages import Missing, NotPossible, NotTold

#: Twilio takes 100 calls a minute.
BETWEEN_CALLS_SECONDS = 0.6

NO_ANSWER = -1
"""In place of an error code, for an item of which Twilio's answer says nothing."""


@dataclass(slots=True)
class Pushed:
    """How many statements Twilio took, and how many it refused, by its code; ``stopped`` says why no more were sent."""

    taken: int = 0
    refused: dict[int, int] = field(default_factory=dict)
    stopped: Missing | NotPossible | NotTold | None = None


@dataclass(frozen=True, slots=True)
class Pushing:
    """Tells Twilio. Telling it twice does no harm, so what was told is noted after the answer."""

    pool: Pool
    clock: Clock
    pause: Callable[[float], object]

    def push(self, api: TwilioApi, tenant: str, service: str, sender: str) -> Pushed:
        """Tell it everything new, some at a time; ``sender`` is the service's SID or number.

        What somebody says meanwhile is a new line, and the next run's.
        """
        pushed, after = Pushed(), ""
        while rows := self._page(tenant, service, after):
            if after:
                self.pause(BETWEEN_CALLS_SECONDS)
            items = [_item(tenant, service, sender, row) for row in rows]
            answer = api.push_consents(items)
            if not isinstance(answer, Mapping):
                pushed.stopped = answer
                return pushed
            codes = [answer.get(item["correlation_id"], NO_ANSWER) for item in items]
            self._note(tenant, service, rows, items, codes)
            _count(pushed, codes)
            after = rows[-1]["number"]
        return pushed

    def _page(self, tenant: str, service: str, after: str) -> list[dict[str, Any]]:
        values = {"tenant": tenant, "service": service, "after": after, "limit": MOST_CONSENTS}
        with self.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(sql("consent_to_push"), values).fetchall()

    def _note(
        self,
        tenant: str,
        service: str,
        rows: Sequence[Mapping[str, Any]],
        items: Sequence[Mapping[str, str]],
        codes: Sequence[int],
    ) -> None:
        values = {
            "tenant": tenant,
            "service": service,
            "numbers": [row["number"] for row in rows],
            "event_ids": [row["id"] for row in rows],
            "statuses": [item["status"] for item in items],
            "error_codes": [code or None for code in codes],
            "now": self.clock.now(),
        }
        with transaction(self.pool) as connection:
            connection.execute(sql("note_consent_pushes"), values)


def _item(tenant: str, service: str, sender: str, row: Mapping[str, Any]) -> dict[str, str]:
    """A statement as Twilio reads it, under a name that is the same whenever it is told."""
    return {
        "contact_id": row["number"],
        "correlation_id": uuid5(NAMESPACE_OID, f"{tenant} {service} {row['id']}").hex,
        "sender_id": sender,
        "status": "opt-out" if row["opted_out"] else "opt-in",
        "source": _source(row),
        "date_of_consent": row["at"].astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _source(row: Mapping[str, Any]) -> str:
    if row["source"] == "inbound":
        return "opt-out-message" if row["change"] == "withdrawn" else "opt-in-message"
    return row["source"] if row["source"] in SOURCES else "others"


def _count(pushed: Pushed, codes: Sequence[int]) -> None:
    for code in codes:
        if code:
            pushed.refused[code] = pushed.refused.get(code, 0) + 1
        else:
            pushed.taken += 1
