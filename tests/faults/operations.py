"""The operator of a run: steers services by command, one after another, and again when a server was away."""

import queue
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from messaging_pipeline.configuration import Configuration
from tests.faults import command_line
from tests.faults.records import Pace, Span

_TRIES, _PAUSE_SECONDS = 20, 1.0


@dataclass(slots=True)
class Operations:
    """Carries out commands in a thread of its own and remembers from when on each was in force."""

    environment: Mapping[str, str]
    configuration: Configuration
    say: Callable[[str], None]
    paces: dict[str, list[Pace]] = field(default_factory=dict)
    pauses: dict[str, list[Span]] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    _paused_at: dict[str, float] = field(default_factory=dict)
    _work: "queue.Queue[Callable[[], None] | None]" = field(default_factory=queue.Queue)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin to work."""
        for key, service in self.configuration.services.items():
            self.paces[key] = [Pace(0.0, service.segments_per_second, service.burst)]
        self._thread = threading.Thread(target=self._carry_out, name="operator", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """Carry out what was asked for, and end."""
        self._work.put(None)
        if self._thread is not None:
            self._thread.join()

    def set_rate(self, service: str, segments_per_second: float) -> None:
        """Set a rate; the burst stays."""
        self._work.put(lambda: self._set_rate(service, segments_per_second))

    def pause(self, service: str) -> None:
        """Stop a service."""
        self._work.put(lambda: self._pause(service))

    def resume(self, service: str) -> None:
        """Let a service go on."""
        self._work.put(lambda: self._resume(service))

    def _carry_out(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _set_rate(self, service: str, rate: float) -> None:
        burst, asked_at = self.paces[service][-1].burst, time.time()
        if self._command("services", "set-rate", service, f"{rate:g}", "--burst", str(burst)):
            is_faster = rate > self.paces[service][-1].segments_per_second
            self.paces[service].append(Pace(asked_at if is_faster else time.time(), rate, burst))

    def _pause(self, service: str) -> None:
        if self._command("services", "pause", service):
            self._paused_at[service] = time.time()

    def _resume(self, service: str) -> None:
        asked_at = time.time()
        if self._command("services", "resume", service) and service in self._paused_at:
            self.pauses.setdefault(service, []).append(Span(self._paused_at.pop(service), asked_at))

    def _command(self, *words: str) -> bool:
        """Run a command until a server that was away is there again."""
        answer = command_line.Answer(-1, "")
        for _ in range(_TRIES):
            answer = command_line.run(self.environment, *words)
            if answer.exit_code in {0, 1, 2}:
                break
            time.sleep(_PAUSE_SECONDS)
        if answer.exit_code != 0:
            self.failures.append(f"{' '.join(words)}: exit {answer.exit_code}: {answer.words.strip()[-300:]}")
        return answer.exit_code == 0
