"""A simulator and a webhook receiver for each test, gone when it ends."""

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from messaging_pipeline.simulator.configuration import SimulatorConfig
from tests.support.simulated_twilio import EVEN_TIMINGS, FAST, SimulatedTwilio, Start, simulated_twilio
from tests.support.webhook_receiver import WebhookReceiver, webhook_receiver


@pytest.fixture
def receiver() -> Iterator[WebhookReceiver]:
    with webhook_receiver() as running:
        yield running


@pytest.fixture
def start(receiver: WebhookReceiver) -> Iterator[Start]:
    """Start simulators that end before the receiver does."""
    with ExitStack() as running:

        def start_one(**settings: Any) -> SimulatedTwilio:
            config = SimulatorConfig(**({"speed": FAST, "smtp_port": None, "carrier": EVEN_TIMINGS} | settings))
            return running.enter_context(simulated_twilio(config))

        yield start_one


@pytest.fixture
def twilio(start: Start) -> SimulatedTwilio:
    return start()


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, kept from others while the test runs."""
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        yield reserved.getsockname()[1]
