"""Empties the queues of a RabbitMQ; a broker that is a Redis is flushed as a whole."""

from contextlib import suppress

from kombu import Connection
from kombu.exceptions import OperationalError

from messaging_pipeline.queues import Queue

_CONNECT_SECONDS = 5.0


def purge(broker_url: str) -> None:
    """Throw away every task that waits; raises OSError when the broker is away."""
    if not broker_url.startswith("amqp"):
        return
    with Connection(broker_url, connect_timeout=_CONNECT_SECONDS) as connection:
        for queue in Queue:
            with suppress(OperationalError, *connection.channel_errors):
                connection.channel().queue_purge(queue.value)
