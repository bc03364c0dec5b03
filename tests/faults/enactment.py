"""Does what the schedule says, second by second, and puts right again what was only to last a while."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import redis
import urllib3

from tests.faults.crew import Crew
from tests.faults.ground import Ground
from tests.faults.operations import Operations
from tests.faults.purge import purge
from tests.faults.schedule import DELIVER_WORKERS, Act

_TICK_SECONDS = 0.05
_READ_ANEW_SECONDS = 8.0

#: Goes wrong all the time, in the phase of faults.
BASE = {
    "answer_lost": 0.005,
    "reset_after_accept": 0.008,
    "server_error_before": 0.003,
    "server_error_after": 0.005,
    "throttle_burst": 0.0,  # each one slows the whole account down for minutes, so there is a spell of it and no more
    "throttle_burst_seconds": 0.05,
    "callback_lost": 0.03,
    "callback_late": 0.05,
    "callback_duplicate": 0.1,
    "callback_reorder": 0.1,
}
#: Goes wrong for a spell.
SPELLS: dict[str, dict[str, float]] = {
    "callbacks-lost": {"callback_lost": 1.0},
    "callbacks-unruly": {"callback_late": 0.4, "callback_duplicate": 0.5, "callback_reorder": 0.5},
    "throttled": {"throttle_burst": 0.3, "throttle_burst_seconds": 0.8},
    "answers-lost": {"answer_lost": 0.03, "reset_after_accept": 0.1, "server_error_after": 0.05},
    "errors": {"server_error_before": 0.05, "server_error_after": 0.1},
}


@dataclass(slots=True)
class Enactment:
    """The fault phase. ``say`` gets a line for each act."""

    ground: Ground
    crew: Crew
    operations: Operations
    say: Callable[[str], None]
    _later: list[tuple[float, Callable[[], Any]]] = field(default_factory=list)

    def run(self, acts: list[Act], seconds: float) -> None:
        """Enact everything; returns when the time is up and all that was to last a while is over."""
        began = time.monotonic()
        self.ground.control.set_faults(**BASE)
        waiting = list(acts)
        while time.monotonic() < began + seconds or waiting or self._later:
            while waiting and time.monotonic() >= began + waiting[0].at:
                self._enact(waiting.pop(0), began)
            self._put_right(time.monotonic())
            self.crew.look_after()
            time.sleep(_TICK_SECONDS)

    def end(self) -> None:
        """No fault any more: everybody runs, every way is open."""
        self.ground.control.set_faults(**dict.fromkeys(BASE, 0.0))
        self.ground.gate.open()
        self.crew.wait_until_ready()

    def _enact(self, act: Act, began: float) -> None:
        self.say(f"{time.monotonic() - began:7.1f} s  {act}")
        getattr(self, f"_{act.verb}")(act)

    def _after(self, seconds: float, what: Callable[[], Any]) -> None:
        self._later.append((time.monotonic() + seconds, what))

    def _put_right(self, now: float) -> None:
        due = [one for one in self._later if one[0] <= now]
        self._later = [one for one in self._later if one[0] > now]
        for _, what in due:
            what()

    def _kill(self, act: Act) -> None:
        self.crew.kill(act.target, act.amount)

    def _term(self, act: Act) -> None:
        self.crew.ask_to_stop(act.target, act.amount)

    def _flush(self, act: Act) -> None:
        try:
            with redis.Redis.from_url(self.ground.redis.url, socket_timeout=5) as client:
                client.flushall()
            purge(self.ground.environment["CELERY_BROKER_URL"])
        except (redis.RedisError, OSError):
            self.say("           (it is away)")

    def _restart(self, act: Act) -> None:
        server, _, manner = act.target.partition("-")
        if server == "postgres":
            self.ground.postgres.stop(immediate=manner == "immediate")
            self._after(act.amount, self.ground.postgres.start)
        else:
            for one in filter(None, (self.ground.redis, self.ground.rabbit)):
                one.stop(forget=manner == "empty")
                self._after(act.amount, one.start)

    def _shut(self, act: Act) -> None:
        self.ground.gate.shut()
        self._after(act.amount, self.ground.gate.open)

    def _spell(self, act: Act) -> None:
        spell = SPELLS[act.target]
        self._set_faults(**spell)
        self._after(act.amount, lambda: self._set_faults(**{name: BASE[name] for name in spell}))

    def _set_faults(self, **faults: float) -> None:
        try:
            self.ground.control.set_faults(**faults)
        except urllib3.exceptions.HTTPError:
            self.say("           (the simulator is too busy to be told)")

    def _rate(self, act: Act) -> None:
        self.operations.set_rate(act.target, act.amount)

    def _pause(self, act: Act) -> None:
        self.operations.pause(act.target)

    def _release(self, act: Act) -> None:
        """Mend the number of the held service: every worker reads the file anew, and then it may go on."""
        self.ground.mend_wrong_number()
        for name in DELIVER_WORKERS:
            self.crew.ask_to_stop(name, 0.1)
        self._after(_READ_ANEW_SECONDS, lambda: self.operations.resume(act.target))

    def _resume(self, act: Act) -> None:
        self.operations.resume(act.target)
