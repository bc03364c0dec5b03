"""The people who write to us while everything fails: some say STOP, some texts come twice."""

import random
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import urllib3

from messaging_pipeline.simulator.control_client import SimulatorControl
from tests.faults.orders import Order

_SERVICE_SIDS = {"alerts": "a1", "offers": "a2", "slow": "a3", "care": "a4"}
_NUMBER = "+12065550177"


@dataclass(frozen=True, slots=True)
class _Text:
    at: float
    from_: str
    to: str
    body: str
    posts: int = 1


@dataclass(slots=True)
class Texters:
    """Sends texts in a thread of its own; the simulator's ledger tells which have left."""

    url: str
    seed: int
    seconds: float
    count: int
    orders: Sequence[Order]
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; seconds count from now."""
        self._thread = threading.Thread(target=self._send, args=(time.monotonic(),), name="texters", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Return when all texts were sent."""
        if self._thread is not None:
            self._thread.join()

    def _send(self, began: float) -> None:
        with SimulatorControl(self.url) as control:
            for text in sorted(self._texts(), key=lambda one: one.at):
                self._stop.wait(max(0.0, began + text.at - time.monotonic()))
                with suppress(urllib3.exceptions.HTTPError):  # the webhooks may be away for longer than we wait
                    control.receive_text(text.from_, text.to, text.body, posts=text.posts)

    def _texts(self) -> list[_Text]:
        dice = random.Random(f"texts {self.seed}")
        stops = [
            _Text(one.stop_at, one.arguments["to"], _address(one.arguments["service"]), "STOP")
            for one in self.orders
            if one.stop_at is not None
        ]
        return stops + [
            _Text(
                dice.uniform(0.0, 0.97) * self.seconds,
                f"+1206{3_000_000 + number}",
                _address(dice.choice([*_SERVICE_SIDS, "number"])),
                f"Is my order {number} ready?",
                dice.choice((1, 1, 1, 2)),
            )
            for number in range(self.count)
        ]


def _address(service: str) -> str:
    return f"MG{'0' * 30}{_SERVICE_SIDS[service]}" if service in _SERVICE_SIDS else _NUMBER
