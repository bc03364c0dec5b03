"""The broker: reachable, and with queues of the kind that loses nothing."""

from collections.abc import Iterator

from messaging_pipeline.doctor.finding import Finding, error, ok, unreachable, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Queue

SETTING = "CELERY_BROKER_URL"
CELERYS_OWN = "celery"
"""Where Celery puts a task for which nobody has named a queue (task_default_queue)."""


def check_broker(patient: Patient) -> Iterator[Finding]:
    """Connect as a publisher does, and ask RabbitMQ for its queues."""
    publisher = Publisher(patient.settings.broker_url, pool_limit=1)
    try:
        if not publisher.is_reachable():
            yield unreachable(SETTING, "the broker does not answer", f"check {SETTING} and that the server is running")
            return
        yield ok(SETTING, "the broker answers")
        for queue in Queue:
            yield from _judged(queue, publisher.standing_of(queue))
        yield from _astray(publisher.waiting_in(CELERYS_OWN))
    finally:
        publisher.close()


def _judged(queue: Queue, standing: str) -> Iterator[Finding]:
    about = f"queue {queue.value}"
    if standing == "missing":
        yield warning(about, "nobody has declared it yet", "start the workers, whose start lines name the queues")
    elif standing == "other":
        told = "exists and is no quorum queue, so workers cannot declare it and a lost node loses its tasks"
        yield error(about, told, f"empty it, then `rabbitmqctl delete_queue {queue.value}`, and start the workers")
    elif standing == "quorum":
        yield ok(about, "is a quorum queue")


def _astray(waiting: int) -> Iterator[Finding]:
    """An application on the same broker may have workers of its own for that queue; then its tasks soon go."""
    if waiting:
        yield warning(
            f"queue {CELERYS_OWN}",
            f"{waiting} {'task waits' if waiting == 1 else 'tasks wait'} there, and no worker of the pipeline reads it",
            'send with queue="accept", and hand those over again; if workers of your own read it, all is well',
        )
