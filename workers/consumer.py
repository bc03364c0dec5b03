"""The part of a Celery worker that holds the connection to the broker, made to outlive the loss of it."""

import logging

from celery.worker.consumer import Consumer

_log = logging.getLogger(__name__)


class LastingConsumer(Consumer):
    """Celery's consumer, except that no failure to close a broken connection ends the worker.

    When a connection to Redis breaks while tasks are under way, kombu wants to give them back over it, and then
    stumbles over what it has closed already (``AttributeError``). Celery 5.7 ignores connection errors there and
    nothing else, so the worker would end. The tasks come back after the visibility timeout all the same.
    """

    def on_connection_error_after_connected(self, exc: Exception) -> None:
        """Close what is left of the connection; the consumer connects again by itself."""
        try:
            super().on_connection_error_after_connected(exc)
        except Exception as error:  # noqa: BLE001 - whatever it is, the connection is lost and a new one is made
            _log.warning("a broken connection to the broker was dropped: %s", type(error).__name__)
