"""A Twilio simulator per test, and a worker's runtime that talks to it over a real socket."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.simulator.configuration import AccountConfig, CarrierTimings, SimulatorConfig
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID, configuration_file, worker_runtime

QUICK_SERVICE = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"
segments_per_second = 2000
burst_segments = 40
"""


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Twilio, with carriers too slow to interfere: a test hears of statuses only what it tells itself."""
    carrier = CarrierTimings(choose_sender_seconds=(300, 300), handover_seconds=(300, 300))
    with simulator_in_thread(
        SimulatorConfig(accounts=(AccountConfig(ACCOUNT_SID, AUTH_TOKEN),), carrier=carrier)
    ) as it:
        yield it


#: Nobody listens there. A name would be asked of a name server, which may take seconds to know nothing.
CALLBACK_URL = "https://127.0.0.1:9/twilio/status"

RuntimeMaker = Callable[..., WorkerRuntime]


@pytest.fixture
def make_runtime(
    database_url: str, redis_url: str, simulator: Simulator, clock: ManualClock, tmp_path: Path
) -> Iterator[RuntimeMaker]:
    """Make worker runtimes on this test's servers, by default with one service that is quick."""
    with ExitStack() as runtimes:

        def make(config: str = QUICK_SERVICE, **changes: str | None) -> WorkerRuntime:
            values: dict[str, str | None] = {
                "DATABASE_URL": database_url,
                "REDIS_URL": redis_url,
                "TWILIO_API_BASE_URL": simulator.url,
                "MESSAGING_CONFIG": configuration_file(tmp_path, config),
                "TWILIO_STATUS_CALLBACK_PUBLIC_URL": CALLBACK_URL,
            }
            return runtimes.enter_context(worker_runtime(clock, threads=8, **{**values, **changes}))

        yield make


@pytest.fixture
def sending(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """A runtime with one quick service."""
    return make_runtime()
