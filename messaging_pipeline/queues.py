"""The names of all queues and tasks: the contract between producers, publishers and workers."""

from enum import StrEnum


class Queue(StrEnum):
    """The queues of the broker; every worker's start line names the ones it consumes."""

    ACCEPT = "accept"
    DELIVER = "deliver"
    STATUS = "status"
    INBOUND = "inbound"
    FALLBACK = "fallback"
    MAINTENANCE = "maintenance"


class Task(StrEnum):
    """The tasks by name. The first three are for producers; the rest is the pipeline talking to itself."""

    SEND = "messaging.send"
    SEND_MANY = "messaging.send_many"
    CANCEL = "messaging.cancel"
    DELIVER = "messaging.deliver"
    APPLY_STATUSES = "messaging.apply_statuses"
    RECEIVE = "messaging.receive"
    RUN_TICKET = "messaging.run_ticket"
    RUN_KEYWORD = "messaging.run_keyword"
    COPY_MEDIA = "messaging.copy_media"
    RUN_FALLBACK = "messaging.run_fallback"
    TELL = "messaging.tell"
    HEAR_OF_LETTERS = "messaging.hear_of_letters"
    SWEEP = "messaging.sweep"
    RECONCILE = "messaging.reconcile"
    AUDIT = "messaging.audit"
    RETAIN = "messaging.retain"
    REDACT = "messaging.redact"
    MAKE_MONTHS = "messaging.make_months"


QUEUE_OF: dict[Task, Queue] = {
    Task.SEND: Queue.ACCEPT,
    Task.SEND_MANY: Queue.ACCEPT,
    Task.CANCEL: Queue.ACCEPT,
    Task.DELIVER: Queue.DELIVER,
    Task.APPLY_STATUSES: Queue.STATUS,
    Task.RECEIVE: Queue.INBOUND,
    Task.RUN_TICKET: Queue.INBOUND,
    Task.RUN_KEYWORD: Queue.INBOUND,
    Task.COPY_MEDIA: Queue.INBOUND,
    Task.RUN_FALLBACK: Queue.FALLBACK,
    Task.TELL: Queue.FALLBACK,
    Task.HEAR_OF_LETTERS: Queue.FALLBACK,
    Task.SWEEP: Queue.MAINTENANCE,
    Task.RECONCILE: Queue.MAINTENANCE,
    Task.AUDIT: Queue.MAINTENANCE,
    Task.RETAIN: Queue.MAINTENANCE,
    Task.REDACT: Queue.MAINTENANCE,
    Task.MAKE_MONTHS: Queue.MAINTENANCE,
}
"""Where each task is published."""
