"""Runs one fallback step: marked as leaving before it leaves, and never sent twice."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool, in_transaction, patiently
from messaging_pipeline.db.queries import sql
from messaging_pipeline.fallback.leaving import Channel, Leaving, message_of_step
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.fallback.silence import kept_silent
from messaging_pipeline.fallback.start import StepId, record_withdrawn, settle_fallbacks, start_fallbacks
from messaging_pipeline.log import about
from messaging_pipeline.media.signing import CannotSign, MediaAddresses
from messaging_pipeline.messages.plan import stored_plan
from messaging_pipeline.metrics import record_fallback_step
from messaging_pipeline.sealing import CannotUnseal, Sealer
from messaging_pipeline.traces.spans import span

#: Somebody who is away is asked this often before the step is given up.
MOST_ATTEMPTS = 8

#: What is left of a message's words when they are kept no longer.
_FORGOTTEN: Mapping[str, Any] = {"body": None, "media_urls": []}

_LEASE = timedelta(seconds=120)
_STATES = {"sent": "sent", "refused": "failed", "unconfirmed": "unconfirmed"}


@dataclass(frozen=True, slots=True)
class FallingBack:
    """Sends what a message's plan says, and starts the next step when one has failed."""

    pool: Pool
    clock: Clock
    sealer: Sealer
    channels: Mapping[str, Channel]
    addresses: MediaAddresses
    wake_fallbacks: Callable[[list[StepId]], None]
    configuration: Configuration

    def run(self, step: StepId) -> None:
        """Run a step that is waiting and due; do nothing when someone else has it or it is done."""
        with about(message_id=step.message_id), span("fallback step", step.message_id, number=step.number):
            self._run(step)

    def _run(self, step: StepId) -> None:
        now = self.clock.now()
        withdrawn, claimed = in_transaction(self.pool, lambda connection: self._claim(connection, step, now))
        record_withdrawn(withdrawn)
        if claimed is None:
            return
        posted = kept_silent(self.configuration, claimed) or self._post(claimed)
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
            "would_be": message_of_step(step.message_id, step.number),
        }
        with connection.cursor(row_factory=dict_row) as cursor:
            return withdrawn, cursor.execute(sql("claim_fallback_step"), values).fetchone()

    def _post(self, claimed: dict[str, Any]) -> Posted:
        try:
            leaving = self._leaving(claimed)
        except (CannotUnseal, CannotSign) as error:
            return Posted("not_sent", str(error))
        return self.channels[leaving.step.channel].send(leaving)

    def _leaving(self, claimed: dict[str, Any]) -> Leaving:
        content = self.sealer.unseal(claimed["content"]) if claimed["content"] else _FORGOTTEN
        return Leaving(
            step=stored_plan(self.sealer.unseal(claimed["fallback"]))[claimed["number"] - 1],
            message_id=claimed["message_id"],
            number=claimed["number"],
            tenant=claimed["tenant"],
            service=claimed["service"],
            to=claimed["to_number"],
            from_=claimed["from_number"],
            body=content["body"],
            media_urls=self.addresses.to_open(claimed["tenant"], content["media_urls"]),
            cause=claimed["cause"],
            error_code=claimed["error_code"],
            tags=claimed["tags"],
        )

    def _finish(self, step: StepId, claimed: dict[str, Any], posted: Posted) -> None:
        now = self.clock.now()
        again = _may_be_repeated(claimed, posted) and claimed["attempts"] < MOST_ATTEMPTS
        state = "waiting" if again else _STATES.get(posted.state, "failed")
        wait = timedelta(seconds=backoff_seconds(claimed["attempts"]))
        values = {
            "message_id": step.message_id,
            "number": step.number,
            "attempts": claimed["attempts"],
            "state": state,
            "explanation": posted.explanation,
            "due_at": now + wait if again else None,
            "now": now,
        }
        ours, following = patiently(
            lambda: in_transaction(self.pool, lambda connection: self._write_end(connection, values))
        )
        if ours:
            record_fallback_step(claimed["channel"], state)
        self.wake_fallbacks(following)

    def _write_end(self, connection: Connection[TupleRow], values: dict[str, Any]) -> tuple[bool, list[StepId]]:
        """A step that has failed starts the next one in the same commit; False when somebody else has it by now."""
        if values["state"] == "failed":  # messages are locked before their steps
            connection.execute(sql("plans_of"), {"message_ids": [values["message_id"]]})
        ours = connection.execute(sql("finish_fallback_step"), values).fetchone() is not None
        if not ours or values["state"] != "failed":
            return ours, []
        return ours, start_fallbacks(connection, self.sealer, [values["message_id"]], values["now"])


def _may_be_repeated(claimed: Mapping[str, Any], posted: Posted) -> bool:
    """What certainly did not leave may; what may have left, only where a repetition is recognised."""
    return posted.state == "not_sent" or (posted.state == "unconfirmed" and claimed["repeatable"])
