"""In which order priorities are served: high before normal before bulk, and now and then the other way round."""

from itertools import count
from threading import Lock
from typing import Final

from messaging_pipeline.ids import ServiceKey

Order = tuple[int, ...]

USUAL_ORDER: Final[Order] = (0, 1, 2)
_TURNED_ROUND: Final[Order] = (2, 1, 0)

#: One batch in so many serves bulk first: a tenth of the rate is bulk's, however much stands before it.
BATCHES_FOR_ONE_OF_BULK = 10


def order_of_batch(number: int) -> Order:
    """Return the priorities in the order in which the batch of this number, from 0, serves them."""
    return _TURNED_ROUND if number % BATCHES_FOR_ONE_OF_BULK == BATCHES_FOR_ONE_OF_BULK - 1 else USUAL_ORDER


class Turns:
    """Counts a process's batches for each service; any number of threads may ask."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._batches: dict[ServiceKey, count[int]] = {}

    def next_order(self, service: ServiceKey) -> Order:
        """Return the order for the service's next batch."""
        with self._lock:
            return order_of_batch(next(self._batches.setdefault(service, count())))
