"""The tasks: ids and plain values in, one call of the library, nothing else."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from celery import Task as CeleryTask
from celery import shared_task

from messaging_pipeline.errors import NotAllowed, NotFound
from messaging_pipeline.fallback.start import StepId
from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.gauges.duties import AUDIT
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.inbound_media.items import FileId
from messaging_pipeline.keyword_handlers.start import CallId
from messaging_pipeline.metrics import record_rejected
from messaging_pipeline.queues import Task
from messaging_pipeline.tickets.start import EntryId
from messaging_pipeline.twilio_api.sendgrid_events import LetterEvent
from workers.boundary import bounded
from workers.lifecycle import runtime

_AUDITED = timedelta(days=1)


@shared_task(name=Task.SEND.value, bind=True)
@bounded
def send(self: CeleryTask, *unnamed: object, **arguments: Any) -> None:
    """Accept one message; see ``Pipeline.send`` for the arguments. Its id is ``message_id`` or the task's own."""
    runtime().from_broker.send(arguments, self.request.id, unnamed=len(unnamed))


@shared_task(name=Task.SEND_MANY.value, bind=True)
@bounded
def send_many(self: CeleryTask, messages: object = None, **shared: Any) -> None:
    """Accept a list of messages; arguments beside ``messages`` hold for all of them."""
    runtime().from_broker.send_many(messages, shared, self.request.id)


@shared_task(name=Task.CANCEL.value)
@bounded
def cancel(message_id: str, tenant: str = "default") -> None:
    """Withdraw a message that has not been sent yet; too late or unknown is counted and logged."""
    try:
        runtime().base.canceling.cancel(MessageId(UUID(str(message_id))), tenant)
    except (ValueError, NotFound, NotAllowed):
        record_rejected("message_id")


@shared_task(name=Task.DELIVER.value)
@bounded
def deliver(service: str) -> None:
    """Send what is due for a service, as far as its tokens carry."""
    runtime().lane.run(ServiceKey(service))


@shared_task(name=Task.APPLY_STATUSES.value)
@bounded
def apply_statuses(reports: Sequence[Mapping[str, Any]]) -> None:
    """Apply a group of status callbacks that the webhook tier has verified."""
    runtime().following.apply([_evidence(report) for report in reports])


@shared_task(name=Task.RECEIVE.value)
@bounded
def receive(tenant: str, sealed_form: str, received_at: str, answered: bool = False) -> None:
    """Take in an inbound message that the webhook tier has verified and sealed, and perhaps answered."""
    runtime().receiving.store(
        tenant=tenant,
        sealed_form=sealed_form,
        received_at=datetime.fromisoformat(received_at),
        is_answered=answered,
    )


@shared_task(name=Task.RUN_TICKET.value)
@bounded
def run_ticket(tenant: str, sid: str) -> None:
    """Put an inbound message into its writer's ticket, and tell them the ticket's number."""
    runtime().ticketing.run(EntryId(tenant, sid))


@shared_task(name=Task.RUN_KEYWORD.value)
@bounded
def run_keyword(tenant: str, sid: str) -> None:
    """Call what an inbound message's keyword is bound to, and tell its writer what that says."""
    runtime().handling.run(CallId(tenant, sid))


@shared_task(name=Task.COPY_MEDIA.value)
@bounded
def copy_media(tenant: str, sid: str, number: int) -> None:
    """Copy a file of an inbound message into its tenant's storage, or delete the copy that has to go."""
    runtime().copying.run(FileId(tenant, sid, number))


@shared_task(name=Task.RUN_FALLBACK.value)
@bounded
def run_fallback(message_id: str, number: int) -> None:
    """Run one fallback step of a message."""
    runtime().falling_back.run(StepId(MessageId(UUID(message_id)), number))


@shared_task(name=Task.TELL.value)
@bounded
def tell(policy: str) -> None:
    """Tell what is due to those who want to hear what became of messages, by one events policy."""
    runtime().telling.run(policy)


@shared_task(name=Task.HEAR_OF_LETTERS.value)
@bounded
def hear_of_letters(events: Sequence[Mapping[str, Any]]) -> None:
    """Apply what SendGrid tells of letters that it took; the webhook tier has verified it."""
    runtime().hearing_of_letters.apply(
        [
            LetterEvent(UUID(one["message_id"]), one["number"], one["word"], datetime.fromisoformat(one["at"]))
            for one in events
        ]
    )


@shared_task(name=Task.SWEEP.value)
@bounded
def sweep() -> None:
    """Find what nobody is looking after."""
    _duty("sweep", runtime().sweep.run)


@shared_task(name=Task.RECONCILE.value)
@bounded
def reconcile() -> None:
    """Ask Twilio about what its callbacks did not tell."""
    _duty("reconcile", runtime().reconciling.run)


@shared_task(name=Task.AUDIT.value)
@bounded
def audit() -> None:
    """Hold the last day's messages against what was promised, and show in the metrics what was broken."""
    _duty(AUDIT, lambda: runtime().auditing.count(_AUDITED))


@shared_task(name=Task.RETAIN.value)
@bounded
def retain() -> None:
    """Let go of contents, numbers and histories whose time is over."""
    _duty("retain", runtime().retention.run)


@shared_task(name=Task.REDACT.value)
@bounded
def redact() -> None:
    """Take texts and files from Twilio that have to go."""
    _duty("redact", runtime().redacting.run)


@shared_task(name=Task.MAKE_MONTHS.value)
@bounded
def make_months() -> None:
    """Make the partitions of the months to come, in which histories are kept."""
    _duty("make_months", runtime().making_months.run)


def _duty(name: str, work: Callable[[], object]) -> None:
    runtime().base.gauges.duties.do(name, work)


def _evidence(report: Mapping[str, Any]) -> Evidence:
    return Evidence(
        message_id=UUID(report["message_id"]) if report["message_id"] else None,
        tenant=report["tenant"],
        sid=report["sid"],
        status=report["status"],
        error_code=report["error_code"],
        received_at=datetime.fromisoformat(report["received_at"]),
        attempt=report.get("attempt"),  # a task of the version before has none
    )
