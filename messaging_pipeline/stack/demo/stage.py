"""What a scene plays on: the pipeline, the other side of the wire, and lines for the audience."""

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TextIO, TypeVar
from uuid import uuid4

from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.messages.state_machine import FINAL
from messaging_pipeline.runtime import Runtime
from messaging_pipeline.simulator.control_client import SimulatorControl

#: The Messaging Service of the service `demo-desk` in ``data/messaging.toml``.
DESK_SID = "MG" + "3" * 32
DESK = "demo-desk"
EVENINGS = "demo-evenings"

_PATIENCE_SECONDS = 30.0
_LOOK_SECONDS = 0.1
#: Area codes whose numbers 555-0100 to 555-0199 belong to nobody.
_AREA_CODES = (206, 212, 303, 312, 404, 415, 512, 602, 617, 702)
_NUMBERS = [f"+1{area}5550{last}" for area in _AREA_CODES for last in range(100, 200)]
_strangers = iter(secrets.SystemRandom().sample(_NUMBERS, len(_NUMBERS)))

Answer = TypeVar("Answer")


class SceneFailed(Exception):
    """Raised when what a scene waits for does not happen; the text says what that was."""


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that a scene may touch. ``run`` tells this demonstration's messages from those of others."""

    runtime: Runtime
    control: SimulatorControl
    out: TextIO
    run: str = field(default_factory=lambda: uuid4().hex[:8])

    def say(self, *lines: str) -> None:
        """Tell the audience."""
        self.out.writelines(f"  {line}\n" for line in lines)
        self.out.flush()

    def send(self, to: str, body: str, **arguments: Any) -> MessageId:
        """Hand a message over as a producer in Python does."""
        key = f"demo-{self.run}:{uuid4().hex[:8]}"
        return self.runtime.accepting.accept(
            {"to": to, "body": body, "service": DESK, "idempotency_key": key, **arguments}
        )

    def message(self, message_id: MessageId) -> dict[str, Any]:
        """Look a message up, as `messages show` does."""
        return self.runtime.tracing.message(message_id)

    def ended(self, message_id: MessageId) -> dict[str, Any]:
        """Wait until a message has come to its end, and return it."""
        return self.until(lambda: _if_final(self.message(message_id)), "a message came to no end")

    def texts_to(self, person: str) -> list[str]:
        """Return what has left for somebody, in order, answers given at once too."""
        return [one["body"] for one in self.control.messages(person)["messages"] if one["direction"] != "inbound"]

    def next_text(self, person: str, known: int) -> str:
        """Wait for one more text than the ``known`` ones."""
        return self.until(lambda: self.texts_to(person)[known:], f"{masked(person)} was not written to")[0]

    def until(self, look: Callable[[], Answer | None], otherwise: str) -> Answer:
        """Look again and again until there is something; raises SceneFailed saying ``otherwise``."""
        gives_up_at = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < gives_up_at:
            if found := look():
                return found
            time.sleep(_LOOK_SECONDS)
        raise SceneFailed(otherwise)


def somebody() -> str:
    """Return a number of nobody's that no other scene has, and most likely no earlier demonstration has talked to."""
    return next(_strangers)


def _if_final(message: dict[str, Any]) -> dict[str, Any] | None:
    return message if message["status"] in FINAL else None
