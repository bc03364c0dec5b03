"""A simulator in a thread of its own, for callers that have no event loop."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread

from messaging_pipeline.simulator.configuration import SimulatorConfig
from messaging_pipeline.simulator.running import Simulator, running


@contextmanager
def simulator_in_thread(config: SimulatorConfig) -> Iterator[Simulator]:
    """Run a simulator beside the caller while inside the context; raises OSError when a port is taken."""
    started: Future[tuple[Simulator, asyncio.AbstractEventLoop, asyncio.Event]] = Future()
    thread = Thread(target=asyncio.run, args=(_run(config, started),), name="twilio-simulator", daemon=True)
    thread.start()
    try:
        simulator, loop, stop = started.result()
        try:
            yield simulator
        finally:
            loop.call_soon_threadsafe(stop.set)
    finally:
        thread.join()


async def _run(
    config: SimulatorConfig,
    started: "Future[tuple[Simulator, asyncio.AbstractEventLoop, asyncio.Event]]",
) -> None:
    stop = asyncio.Event()
    try:
        async with running(config) as simulator:
            started.set_result((simulator, asyncio.get_running_loop(), stop))
            await stop.wait()
    except Exception as error:
        if started.done():
            raise
        started.set_exception(error)
