"""Runs one fallback step: marked as leaving before it leaves, and never sent twice."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.clock import Clock
from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.fallback.letters import Letter, Postbox, Posted
from messaging_pipeline.fallback.start import StepId, record_withdrawn, settle_fallbacks, start_fallbacks
from messaging_pipeline.messages.plan import Step, stored_plan
from messaging_pipeline.metrics import record_fallback_step
from messaging_pipeline.sealing import CannotUnseal, Sealer

#: A mail server that is away is asked this often before the step is given up.
MOST_ATTEMPTS = 8

_LEASE = timedelta(seconds=120)
_STATES = {"sent": "sent", "refused": "failed", "unconfirmed": "unconfirmed"}


@dataclass(frozen=True, slots=True)
class FallingBack:
    """Sends what a message's plan says, and starts the next step when one has failed."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    postbox: Postbox | None
    wake_fallbacks: Callable[[list[StepId]], None]

    def run(self, step: StepId) -> None:
        """Run a step that is waiting and due; do nothing when someone else has it or it is done."""
        now = self.clock.now()
        withdrawn, claimed = in_transaction(self.pool, lambda connection: self._claim(connection, step, now))
        record_withdrawn(withdrawn)
        if claimed is None:
            return
        posted = self._post(claimed)
        self._finish(step, claimed, posted)

    def _claim(
        self, connection: Connection[TupleRow], step: StepId, now: datetime
    ) -> tuple[list[str], dict[str, Any] | None]:
        """What nobody needs any more must not leave, whoever was to withdraw it."""
        withdrawn = settle_fallbacks(connection, [step.message_id], now)
        values = {
            "message_id": step.message_id,
            "number": step.number,
            "now": now,
            "lease_until": now + _LEASE,
        }
        with connection.cursor(row_factory=dict_row) as cursor:
            return withdrawn, cursor.execute(sql("claim_fallback_step"), values).fetchone()

    def _post(self, claimed: dict[str, Any]) -> Posted:
        if self.postbox is None:
            return Posted("refused", "no way to send e-mail is configured; set SMTP_URL or SENDGRID_API_KEY")
        try:
            letter = self._letter(claimed)
        except CannotUnseal as error:
            return Posted("not_sent", str(error))
        return self.postbox.post(letter)

    def _letter(self, claimed: dict[str, Any]) -> Letter:
        plan = self._planned(claimed)
        return Letter(
            to=plan.to,
            subject=plan.subject,
            text=plan.body or self._text_of(claimed),
            token=f"{claimed['message_id']}-{claimed['number']}",
        )

    def _planned(self, claimed: dict[str, Any]) -> Step:
        number: int = claimed["number"]
        return stored_plan(self.sealer.unseal(claimed["fallback"]))[number - 1]

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
        following = in_transaction(self.pool, lambda connection: self._write_end(connection, values))
        record_fallback_step(claimed["channel"], state)
        self.wake_fallbacks(following)

    def _write_end(self, connection: Connection[TupleRow], values: dict[str, Any]) -> list[StepId]:
        """A step that has failed starts the next one in the same commit."""
        ours = connection.execute(sql("finish_fallback_step"), values).fetchone() is not None
        if not ours or values["state"] != "failed":
            return []
        return start_fallbacks(connection, self.sealer, [values["message_id"]], values["now"])
