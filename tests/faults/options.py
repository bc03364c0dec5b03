"""The command line of the proof."""

import argparse
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

PRIVATE_RABBITMQ = "rabbitmq"

_MESSAGES, _SECONDS = 5000, 180.0
_QUICK_MESSAGES, _QUICK_SECONDS = 400, 25.0


@dataclass(frozen=True, slots=True)
class Options:
    """How much of everything. ``broker`` is a RabbitMQ to use beside the private Valkey: a URL, or a private one."""

    messages: int
    seconds: float
    seed: int
    quick: bool
    broker: str | None

    def command(self) -> str:
        """Return the command that plays this run again."""
        words = [f"--seed {self.seed}", "--quick" if self.quick else ""]
        if (self.messages, self.seconds) != _sizes(self.quick):
            words.append(f"--messages {self.messages} --seconds {self.seconds:g}")
        words.append(
            f"--broker {PRIVATE_RABBITMQ if self.broker == PRIVATE_RABBITMQ else 'URL'}" if self.broker else ""
        )
        return " ".join(filter(None, ["python -m tests.faults", *words]))


def parse(argv: Sequence[str]) -> Options:
    """Read the arguments; without a seed one is drawn."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description="Prove the promise while all fails.")
    add = parser.add_argument
    add("--messages", type=int, help=f"how many are handed over (default: {_MESSAGES})")
    add("--seconds", type=float, help=f"how long the faults last (default: {_SECONDS:g})")
    add("--seed", type=int, help="replays a schedule and the simulator's faults (default: a new one)")
    add("--quick", action="store_true", help=f"a short form: {_QUICK_MESSAGES} messages, {_QUICK_SECONDS:g} seconds")
    broker = "a RabbitMQ as Celery's broker in place of the private Valkey: its amqp:// URL, or `rabbitmq` to start one"
    add("--broker", metavar="URL", help=broker)
    given = parser.parse_args(argv)
    messages, seconds = _sizes(given.quick)
    return Options(
        messages=given.messages or messages,
        seconds=given.seconds or seconds,
        seed=secrets.randbelow(2**31) if given.seed is None else given.seed,
        quick=given.quick,
        broker=given.broker,
    )


def _sizes(quick: bool) -> tuple[int, float]:
    return (_QUICK_MESSAGES, _QUICK_SECONDS) if quick else (_MESSAGES, _SECONDS)
