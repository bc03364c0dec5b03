"""The load process: fires requests made beforehand at one port over kept connections, and prints what came back.

Usage: ``python -m tests.bench.load FILE --port PORT [--rate PER_SECOND]``. The file is a JSON list of requests as
they go over the wire. With a rate the load does not wait for answers: a request is due at its time, and its latency
counts from then. Without one each connection sends its next request when its last is answered.
"""

import argparse
import asyncio
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from messaging_pipeline.simulator.webhook_connections import NoAnswerError, Origin, Patience, WebhookConnections
from messaging_pipeline.stack.ports import LOOPBACK

CONNECTIONS = 32
_PATIENCE = Patience(connect_seconds=10.0, read_seconds=30.0, total_seconds=60.0)


@dataclass(frozen=True, slots=True)
class Volley:
    """What came of a number of requests: seconds in all, milliseconds for each, answers by status code."""

    seconds: float
    latencies_ms: list[float]
    answers: dict[str, int]


@dataclass(slots=True)
class _Shooting:
    """A volley under way."""

    origin: Origin
    requests: Iterator[tuple[int, bytes]]
    rate_per_second: float
    connections: WebhookConnections = field(default_factory=WebhookConnections)
    latencies_ms: list[float] = field(default_factory=list)
    answers: Counter[str] = field(default_factory=Counter)
    began: float = field(default_factory=time.perf_counter)

    async def fire_in_turn(self) -> None:
        """Send requests one after another until there are none left."""
        for position, request in self.requests:
            due = await self._due(position)
            self.answers[await self._exchange(request)] += 1
            self.latencies_ms.append((time.perf_counter() - due) * 1000)

    async def _due(self, position: int) -> float:
        if not self.rate_per_second:
            return time.perf_counter()
        due = self.began + position / self.rate_per_second
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        return due

    async def _exchange(self, request: bytes) -> str:
        try:
            answer = await self.connections.exchange(self.origin, request, _PATIENCE)
        except NoAnswerError as error:
            return error.outcome
        return str(answer.status)


async def fire(requests: Sequence[bytes], port: int, rate_per_second: float) -> Volley:
    """Fire all requests over at most 32 connections; a rate of 0 means as fast as they are answered."""
    shooting = _Shooting(Origin(LOOPBACK, port, tls=False), enumerate(requests), rate_per_second)
    await asyncio.gather(*(shooting.fire_in_turn() for _ in range(min(CONNECTIONS, len(requests)))))
    seconds = time.perf_counter() - shooting.began
    shooting.connections.close()
    await asyncio.sleep(0)  # the connections end in the loop's next turn
    return Volley(seconds, shooting.latencies_ms, dict(shooting.answers))


def main() -> int:
    """Read the arguments, fire, print JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--rate", type=float, default=0.0)
    options = parser.parse_args()
    requests = [text.encode("ascii") for text in json.loads(options.file.read_text("ascii"))]
    print(json.dumps(asdict(asyncio.run(fire(requests, options.port, options.rate)))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
