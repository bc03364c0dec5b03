"""Promises an SMS with links for media that could not arrive, in the transaction in which they fail."""

from collections.abc import Sequence
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consequences import Decided
from messaging_pipeline.db.queries import sql
from messaging_pipeline.messages.state_machine import REPORTED_FAILURES, Status
from messaging_pipeline.sealing import CannotUnseal, Sealer

#: No MMS there (https://www.twilio.com/docs/api/errors/30011), and no mobile number (21614).
_NO_MMS = frozenset({30011, 21614})


def promise_mms_links(
    connection: Connection[TupleRow],
    sealer: Sealer,
    configuration: Configuration,
    decided: Sequence[Decided],
    now: datetime,
) -> None:
    """Write down which of the messages that failed for good an SMS shall follow.

    The key of the table makes it once per message, however often and from wherever a failure is heard.
    """
    failed = [one.message_id for one in decided if _asks_for_a_link(one, configuration)]
    if not failed:
        return
    contents = connection.execute(sql("contents_of"), {"message_ids": failed}).fetchall()
    with_media = [message_id for message_id, content in contents if _has_media(sealer, content)]
    connection.execute(sql("promise_mms_links"), {"message_ids": with_media, "now": now})


def _asks_for_a_link(one: Decided, configuration: Configuration) -> bool:
    service = configuration.services.get(one.service)
    if service is None or not service.mms_link_fallback or one.step.status not in REPORTED_FAILURES:
        return False
    return one.step.status is Status.UNDELIVERED or one.step.error_code in _NO_MMS


def _has_media(sealer: Sealer, content: bytes) -> bool:
    """What no key opens is taken for media: whoever makes the SMS waits for the key."""
    try:
        return bool(sealer.unseal(content)["media_urls"])
    except CannotUnseal:
        return True
