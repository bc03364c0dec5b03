"""Runs one fallback step: marked as leaving before it leaves, and never sent twice."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg.rows import dict_row

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.db.queries import sql
from messaging_pipeline.fallback.letters import Letter, Postbox, Posted
from messaging_pipeline.fallback.start import StepId
from messaging_pipeline.metrics import record_fallback_step
from messaging_pipeline.sealing import CannotUnseal, Sealer

#: A mail server that is away is asked this often before the step is given up.
MOST_ATTEMPTS = 8

_LEASE = timedelta(seconds=120)
_STATES = {"sent": "sent", "refused": "failed", "unconfirmed": "unconfirmed"}


@dataclass(frozen=True, slots=True)
class FallingBack:
    """Sends what a message's plan says."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    postbox: Postbox | None

    def run(self, step: StepId) -> None:
        """Run a step that is waiting and due; do nothing when someone else has it or it is done."""
        now = self.clock.now()
        claimed = self._claim(step, now)
        if claimed is None:
            return
        posted = self._post(claimed)
        self._finish(step, claimed, posted)

    def _claim(self, step: StepId, now: datetime) -> dict[str, Any] | None:
        values = {
            "message_id": step.message_id,
            "number": step.number,
            "now": now,
            "lease_until": now + _LEASE,
        }
        with self.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            return cursor.execute(sql("claim_fallback_step"), values).fetchone()

    def _post(self, claimed: dict[str, Any]) -> Posted:
        if self.postbox is None:
            return Posted("refused", "no way to send e-mail is configured; set SMTP_URL or SENDGRID_API_KEY")
        try:
            letter = self._letter(claimed)
        except CannotUnseal as error:
            return Posted("not_sent", str(error))
        return self.postbox.post(letter)

    def _letter(self, claimed: dict[str, Any]) -> Letter:
        plan = self.sealer.unseal(claimed["fallback"])[claimed["number"] - 1]
        return Letter(
            to=plan["to"],
            subject=plan["subject"],
            text=plan["body"] or self._text_of(claimed),
            token=f"{claimed['message_id']}-{claimed['number']}",
        )

    def _text_of(self, claimed: dict[str, Any]) -> str:
        content = self.sealer.unseal(claimed["content"])
        return "\n\n".join([content["body"] or "", *content["media_urls"]]).strip()

    def _finish(self, step: StepId, claimed: dict[str, Any], posted: Posted) -> None:
        now = self.clock.now()
        again = posted.state == "not_sent" and claimed["attempts"] < MOST_ATTEMPTS
        state = "waiting" if again else _STATES.get(posted.state, "failed")
        wait = timedelta(seconds=backoff_seconds(claimed["attempts"]))
        values = {
            "message_id": step.message_id,
            "number": step.number,
            "state": state,
            "explanation": posted.explanation,
            "due_at": now + wait if again else None,
            "now": now,
        }
        with self.pool.connection() as connection:
            connection.execute(sql("finish_fallback_step"), values)
        record_fallback_step(claimed["channel"], state)
