"""A simulator for a test, its real client, and the factories for what goes in."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from messaging_pipeline.simulator.configuration import (
    DEFAULT_ACCOUNT_SID,
    DEFAULT_AUTH_TOKEN,
    CarrierTimings,
    SimulatorConfig,
)
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator

SERVICE = "MG" + "a" * 32
OTHER_SERVICE = "MG" + "b" * 32
OWN_NUMBER = "+12065550100"
RECIPIENT = "+15005551001"
FAST = 200.0
"""A speed at which a message takes a few hundredths of a second."""
EVEN_TIMINGS = CarrierTimings((0.1, 0.1), (0.1, 0.1), (0.5, 0.5))
"""Every message takes equally long, so that one sent later is also done later."""
PATIENCE_SECONDS = 20.0


@dataclass(frozen=True)
class SimulatedTwilio:
    """A running simulator with everything a test needs to talk to it."""

    simulator: Simulator
    client: Client
    control: SimulatorControl

    @property
    def url(self) -> str:
        return self.simulator.url

    def send(self, **changes: Any) -> Any:
        """Create a message through a service, unless told otherwise, and return the client's message."""
        arguments: dict[str, Any] = {"to": RECIPIENT, "body": "Hello"} | changes
        if "from_" not in arguments:
            arguments.setdefault("messaging_service_sid", SERVICE)
        return self.client.messages.create(**arguments)


Start = Callable[..., SimulatedTwilio]
"""Starts a simulator with some settings of SimulatorConfig changed; it ends with the test."""


def in_minutes(minutes: float) -> str:
    """Return a time from now on, as SendAt wants it."""
    return (datetime.now(UTC) + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:%SZ")


def eventually(holds: Callable[[], bool]) -> None:
    """Ask again and again, each time over the network, until it holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not holds():
        assert time.monotonic() < deadline, "it did not come to hold in time"


def real_client(
    url: str, sid: str = DEFAULT_ACCOUNT_SID, token: str = DEFAULT_AUTH_TOKEN, timeout_seconds: float = 20.0
) -> Client:
    """Make the twilio package's client, pointed at a simulator."""
    client = Client(sid, token, http_client=TwilioHttpClient(timeout=timeout_seconds))
    client.api.base_url = client.messaging.base_url = url
    return client


@contextmanager
def simulated_twilio(config: SimulatorConfig) -> Iterator[SimulatedTwilio]:
    """Run a simulator in a thread and connect to it."""
    with simulator_in_thread(config) as simulator, SimulatorControl(simulator.url) as control:
        client = real_client(simulator.url)
        try:
            yield SimulatedTwilio(simulator, client, control)
        finally:
            client.http_client.session.close()
