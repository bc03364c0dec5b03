"""Makes the SMS that follow media which could not arrive: the text and the links, through the front door, once."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from psycopg.rows import dict_row

from messaging_pipeline.accept.accept import Accepting
from messaging_pipeline.accept.request import PRIORITY_RANKS
from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from messaging_pipeline.ids import MessageId
from messaging_pipeline.media.signing import CannotSign, MediaAddresses
from messaging_pipeline.messages.content import MAX_BODY_CHARACTERS
from messaging_pipeline.messages.state_machine import ARRIVALS
from messaging_pipeline.metrics import record_mms_link
from messaging_pipeline.sealing import CannotUnseal, Sealer

_CUT = "..."
_PRIORITIES = {rank: name for name, rank in PRIORITY_RANKS.items()}


@dataclass(frozen=True, slots=True)
class LinkTexts:
    """Keeps what was promised in ``mms_links``. Killed between two steps, it finds the SMS by its idempotency key."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    accepting: Accepting
    addresses: MediaAddresses

    def run(self, limit: int) -> None:
        """Make the SMS that are due; running twice at once makes none twice."""
        with self.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            promised = cursor.execute(sql("open_mms_links"), {"limit": limit}).fetchall()
        for one in promised:
            self._follow_up(one)

    def _follow_up(self, one: dict[str, Any]) -> None:
        try:
            kind, detail = self._follow(one)
        except (CannotUnseal, CannotSign):
            return  # it stays promised until there is a key again
        except (InvalidInput, IdempotencyConflict) as error:
            kind, detail = "refused", f"no SMS with links follows: {error}"
        with self.pool.connection() as connection:
            values = {"message_id": one["message_id"], "detail": detail, "now": self.clock.now()}
            closed = connection.execute(sql("close_mms_link"), values).fetchone()
        if closed is not None:
            record_mms_link(one["service"], kind)

    def _follow(self, one: dict[str, Any]) -> tuple[str, str]:
        if one["status"] in ARRIVALS:
            return "arrived", "no SMS with links follows: the message has arrived after all"
        if one["content"] is None:
            return "refused", "no SMS with links follows: the content is not kept any more"
        if _is_over(one["expires_at"], self.clock.now()):
            return "expired", "no SMS with links follows: the message's time is over"
        content = self.sealer.unseal(one["content"])
        if not content["media_urls"]:
            return "refused", "no SMS with links follows: the message has no media"
        note = f"an SMS with the links of message {one['message_id']}, whose media could not arrive"
        links = self.addresses.to_open(one["tenant"], content["media_urls"])
        message_id = self._accept(_arguments(one, content["body"], links), note)
        return "sent", f"an SMS with the links follows: message {message_id}"

    def _accept(self, arguments: dict[str, Any], note: str) -> MessageId:
        """Hand the SMS over, or find it: links that are signed anew make another text of what was handed over."""
        try:
            return self.accepting.accept(arguments, note=note)
        except IdempotencyConflict as conflict:
            if conflict.first != arguments["message_id"]:
                raise
            return MessageId(conflict.first)


def text_with_links(body: str | None, links: Sequence[str]) -> str:
    """Return the text and the links below it; what is too long loses the end of its text, then its last links."""
    kept = list(links)
    while len(kept) > 1 and len("\n".join(kept)) > MAX_BODY_CHARACTERS:
        kept.pop()
    below = "\n".join(kept)
    room = MAX_BODY_CHARACTERS - len(below) - 1
    text = body or ""
    if len(text) > room:
        text = text[: room - len(_CUT)] + _CUT if room > len(_CUT) else ""
    return f"{text}\n{below}" if text else below


def _arguments(one: dict[str, Any], body: str | None, links: Sequence[str]) -> dict[str, Any]:
    key = f"mms-link:{one['message_id']}"
    return {
        "to": one["to_number"],
        "body": text_with_links(body, links),
        "service": one["service"],
        "tenant": one["tenant"],
        "from_": one["from_number"],
        "priority": _PRIORITIES[one["priority"]],
        "expires_at": one["expires_at"],
        "tags": one["tags"],
        "fallback": [],  # the first message's plan has started already
        "message_id": uuid5(NAMESPACE_OID, key),
        "idempotency_key": key,
    }


def _is_over(expires_at: datetime | None, now: datetime) -> bool:
    return expires_at is not None and expires_at <= now
