"""Inbound messages whose webhook never reached us: stored as the webhook would have been."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.receive.store import Receiving
from messaging_pipeline.reconcile.questions import NotAnswered, Questions
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.twilio_api.remote_messages import RemoteMedia, RemoteMessage

RECOVERED_BY = ("RecoveredBy", "reconcile")
"""The one field that no webhook posts."""


@dataclass(frozen=True, slots=True)
class Inbound:
    """Makes the form that was never posted, and hands it to the desk that takes in all forms."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    receiving: Receiving

    def store_missing(
        self, tenant: str, account_sid: str, messages: Sequence[RemoteMessage], questions: Questions, report: Report
    ) -> None:
        """Store what we do not have, oldest first: who wrote STOP and then START has not stopped.

        Raises NotAnswered when a message's files could not be asked for; the others are stored, a STOP among them.
        """
        all_told = True
        oldest_first = self._missing(tenant, messages)[::-1]  # among those of one second too
        for message in sorted(oldest_first, key=self._received_at):
            try:
                media = questions.media(message.sid) if message.num_media else ()
            except NotAnswered:
                all_told = False
                continue
            form = self.sealer.seal([list(pair) for pair in webhook_form(account_sid, message, media)])
            is_new = self.receiving.store(
                tenant=tenant, sealed_form=form.decode(), received_at=self._received_at(message)
            )
            report.found("inbound", int(is_new))
        if not all_told:
            raise NotAnswered

    def _missing(self, tenant: str, messages: Sequence[RemoteMessage]) -> list[RemoteMessage]:
        if not messages:
            return []
        values = {"tenant": tenant, "sids": [message.sid for message in messages]}
        with self.pool.connection() as connection:
            missing = {row[0] for row in connection.execute(sql("missing_inbound"), values).fetchall()}
        return [message for message in messages if message.sid in missing]

    def _received_at(self, message: RemoteMessage) -> datetime:
        return message.date_sent or message.date_created or self.clock.now()


def webhook_form(account_sid: str, message: RemoteMessage, media: Sequence[RemoteMedia]) -> list[tuple[str, str]]:
    """Return the fields in the names of the webhook (https://www.twilio.com/docs/messaging/guides/webhook-request).

    What the webhook would have told beside these (places, the kind of an opt-out) Twilio does not keep.
    """
    form = [
        ("AccountSid", account_sid),
        ("MessageSid", message.sid),
        ("SmsSid", message.sid),
        ("SmsMessageSid", message.sid),
        ("SmsStatus", message.status),
        ("From", message.from_ or ""),
        ("To", message.to),
        ("Body", message.body),
        ("NumMedia", str(len(media))),
    ]
    if message.messaging_service_sid:
        form.append(("MessagingServiceSid", message.messaging_service_sid))
    for number, one in enumerate(media):
        form += [(f"MediaUrl{number}", one.url), (f"MediaContentType{number}", one.content_type)]
    return [*form, RECOVERED_BY]
