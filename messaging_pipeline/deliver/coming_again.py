"""A claimed message that cannot go just now comes again, as often as its budget for passing troubles pays for it."""

from datetime import timedelta

from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.decide.policy import Policy
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.claims import ClaimedMessage, put_off
from messaging_pipeline.deliver.gates import Bar
from messaging_pipeline.deliver.supply import Batch, Supply
from messaging_pipeline.messages.state_machine import Status


def come_again(supply: Supply, book: Book, batch: Batch, message: ClaimedMessage, reason: str) -> None:
    """Put the message off; when its budget is spent, it has failed."""
    policy = Policy.of(supply.configuration.services[message.service])
    if message.retries >= policy.transient_retries:
        book.bar(message, Bar(Status.FAILED, reason))
        return
    now = supply.clock.now()
    due_at = now + timedelta(seconds=backoff_seconds(message.retries + 1))
    in_transaction(supply.pool, lambda connection: put_off(connection, message, reason, now, due_at, batch.cap))
