"""The gate between the pipeline and the simulator's API: shut, connections are refused and those under way are cut."""

import asyncio
import time
from collections.abc import Coroutine
from contextlib import suppress
from threading import Thread
from types import TracebackType
from typing import Any, Self, TypeVar

from messaging_pipeline.stack.ports import LOOPBACK
from tests.faults.records import Span
from tests.faults.steady_ports import steady_ports

_CHUNK_BYTES = 64 * 1024
_CALL_SECONDS = 10.0

Result = TypeVar("Result")


class Gate:
    """Carries bytes between a port of its own and another one, in a thread of its own, while it is open."""

    def __init__(self, target_port: int) -> None:
        self.port = steady_ports(1)[0]
        self.outages: list[Span] = []
        self._target_port = target_port
        self._shut_at = 0.0
        self._loop = asyncio.new_event_loop()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = Thread(target=self._loop.run_forever, name="gate", daemon=True)

    def shut(self) -> None:
        """Refuse every connection from now on, and cut those that are open. Repeatable."""
        if self._server is not None:
            self._shut_at = time.time()
            self._run(self._shut())

    def open(self) -> None:
        """Let everybody through. Repeatable."""
        if self._server is None:
            self._run(self._open())
            if self._shut_at:
                self.outages.append(Span(self._shut_at, time.time()))

    def __enter__(self) -> Self:
        self._thread.start()
        self.open()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.shut()
        self._run(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(_CALL_SECONDS)

    async def _open(self) -> None:
        self._server = await asyncio.start_server(self._carry, LOOPBACK, self.port)

    async def _shut(self) -> None:
        if self._server is not None:
            self._server.close()
        self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    async def _end(self) -> None:
        """Let everything that is under way come to its end."""
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await asyncio.sleep(0)  # what was closed ends in the loop's next turn

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with suppress(OSError):
                there = await asyncio.open_connection(LOOPBACK, self._target_port)
                self._writers.add(there[1])
                await self._both_ways(reader, writer, *there)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _both_ways(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        far_reader: asyncio.StreamReader,
        far_writer: asyncio.StreamWriter,
    ) -> None:
        """Carry until either side ends, and then end the other one too."""
        ways = [asyncio.ensure_future(_pump(reader, far_writer)), asyncio.ensure_future(_pump(far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            self._writers.discard(far_writer)
            far_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
