"""Stores an inbound message once, however often Twilio delivers it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.metrics import record_inbound
from messaging_pipeline.sealing import Sealer


@dataclass(frozen=True, slots=True)
class Receiving:
    """Takes in what people write to us."""

    pool: Pool
    sealer: Sealer

    def store(self, *, tenant: str, sealed_form: str, received_at: datetime) -> bool:
        """Store a sealed webhook form; return whether it was news.

        The webhook tier sealed it, so that the text never lay in the broker in clear.
        """
        payload = sealed_form.encode()
        fields = _fields(self.sealer.unseal(payload))
        values = {
            "tenant": tenant,
            "sid": fields["MessageSid"],
            "from_number": fields.get("From", ""),
            "to_number": fields.get("To", ""),
            "payload": payload,
            "received_at": received_at,
        }
        with self.pool.connection() as connection:
            is_new = connection.execute(sql("insert_inbound_message"), values).fetchone() is not None
        record_inbound("stored" if is_new else "repeated")
        return is_new


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, str]:
    """The first value of each field; the payload itself keeps all of them."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, str(value))
    fields.setdefault("MessageSid", fields.get("SmsSid", ""))
    return fields
