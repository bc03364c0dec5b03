"""Both ends of an inbound message in one process: the webhook that answers it, and the worker that takes it in."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from psycopg.rows import dict_row

from messaging_pipeline.queues import Queue
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import ENCRYPTION_KEY
from tests.support.queued import queued
from tests.support.webhook_tier import CallingTwilio, an_inbound

PERSON = "+14155550123"
NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass(frozen=True)
class Answered:
    """What a webhook said: the texts that Twilio would send."""

    status: int
    media_type: str
    texts: list[str]


@dataclass(frozen=True)
class Line:
    """A conversation's two ends; ``say`` is a person writing, ``work`` a worker that takes in what was enqueued."""

    twilio: CallingTwilio
    runtime: WorkerRuntime
    redis_url: str

    def say(self, body: str, *, target: str = "/twilio/inbound", **changes: str | None) -> Answered:
        form = an_inbound(**{"Body": body, "From": PERSON, **changes})
        answer = self.twilio.call(target, form)
        return Answered(answer.status_code, answer.mimetype, texts_in(answer.text))

    def work(self) -> list[bool]:
        """Run every task of the inbound queue, and take none out; return which were news."""
        return [take_in(self.runtime, **task.arguments) for task in queued(self.redis_url, Queue.INBOUND)]


def take_in(runtime: WorkerRuntime, tenant: str, sealed_form: str, received_at: str, answered: bool = False) -> bool:
    """Do what the task `messaging.receive` does."""
    return runtime.receiving.store(
        tenant=tenant,
        sealed_form=sealed_form,
        received_at=datetime.fromisoformat(received_at),
        is_answered=answered,
    )


def hear_text(
    runtime: WorkerRuntime, body: str, sid: str, at: datetime = NOON, tenant: str = "default", **changes: str | None
) -> bool:
    """Take a message in without a webhook."""
    form = an_inbound(**{"Body": body, "From": PERSON, "MessageSid": sid, **changes})
    sealed = Sealer([ENCRYPTION_KEY]).seal(list(form.items())).decode()
    return take_in(runtime, tenant, sealed, at.isoformat())


def texts_in(twiml: str) -> list[str]:
    """The messages of a TwiML document that has nothing else."""
    root = ET.fromstring(twiml)
    assert root.tag == "Response"
    assert {child.tag for child in root} <= {"Message"}
    return [child.text or "" for child in root]


def stored(runtime: WorkerRuntime) -> list[dict[str, Any]]:
    """What is remembered of each inbound message beside its payload, in the order in which they were stored."""
    with runtime.base.pool.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(
            "select service, keyword, word, effect, answered, flag from inbound_messages order by age(xmin) desc"
        ).fetchall()


def ledger(runtime: WorkerRuntime) -> list[tuple[str, ...]]:
    """The consent ledger, oldest line first."""
    with runtime.base.pool.connection() as connection:
        return connection.execute(
            "select number, change, scope, source, sid from consent_events order by id"
        ).fetchall()


def opt_outs(runtime: WorkerRuntime) -> set[str]:
    """The scopes from which the person has opted out."""
    with runtime.base.pool.connection() as connection:
        return {row[0] for row in connection.execute("select scope from opt_outs where number = %s", [PERSON])}


def sid(number: int) -> str:
    return f"SM{number:032x}"
