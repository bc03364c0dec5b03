"""The quiet after the faults: waits until all is settled, as an operator who asks Twilio and decides the rest."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg

from messaging_pipeline.configuration import DEFAULT_TENANT
from messaging_pipeline.ids import MessageId
from messaging_pipeline.runtime import build_runtime
from tests.faults import command_line
from tests.faults.evidence import gather
from tests.faults.ground import Ground
from tests.faults.records import Owed
from tests.faults.rules.ladder import ENDED

_LOOK_SECONDS = 2.0
_RECONCILES_EVERY_SECONDS = 6.0
#: So many are settled by command; the rest by what the command calls, since a process for each takes its time.
_BY_COMMAND = 3
_SAYS_EVERY_SECONDS = 10.0
_STANDSTILL_SECONDS = 90.0
_LONGEST_SECONDS = 420.0

_STATES = """
select m.id::text, m.status, m.given_up_at is not null,
       exists (select from fallback_steps f where f.message_id = m.id and f.state in ('waiting', 'sending'))
from messages m
"""


@dataclass(slots=True)
class Quiet:
    """Waits, looks, and does what an operator does; a person decides only after ``evidence_seconds``."""

    ground: Ground
    owed: Sequence[Owed]
    say: Callable[[str], None]
    evidence_seconds: float
    resolved: int = 0
    failures: list[str] = field(default_factory=list)

    def wait(self, look_after: Callable[[], None]) -> bool:
        """Return whether everything is settled; False when nothing moves any more, or it takes too long."""
        began = moved_at = asked_at = time.monotonic()
        said_at = 0.0
        before: Counter[str] = Counter()
        while True:
            look_after()
            now, states = time.monotonic(), self._states()
            open_still = self._count_open(states)
            if not open_still and self._texts_are_home():
                return True
            counts = Counter(status for status, _, _ in states.values()) + Counter(open=open_still)
            if counts != before:
                before, moved_at = counts, now
            if now - said_at > _SAYS_EVERY_SECONDS:
                self.say(f"{now - began:7.1f} s  {open_still} open  {_in_words(counts)}")
                said_at = now
            if now - moved_at > _STANDSTILL_SECONDS or now - began > _LONGEST_SECONDS:
                return False
            if now - asked_at > _RECONCILES_EVERY_SECONDS:
                self._command("reconcile")
                self._release_held()
                if now - began > self.evidence_seconds:
                    self._resolve([one for one, (status, _, _) in states.items() if status == "unconfirmed"])
                asked_at = time.monotonic()
            time.sleep(_LOOK_SECONDS)

    def _states(self) -> dict[str, tuple[str, bool, bool]]:
        with psycopg.connect(self.ground.postgres.url) as connection:
            return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(_STATES).fetchall()}

    def _count_open(self, states: Mapping[str, tuple[str, bool, bool]]) -> int:
        nothing = ("", False, False)
        return sum(self._is_open(one, *states.get(one.id, nothing)) for one in self.owed)

    def _is_open(self, owed: Owed, status: str, given_up: bool, falls_back: bool) -> bool:
        if status in owed.rests_at:
            return not given_up
        return status not in ENDED or falls_back

    def _texts_are_home(self) -> bool:
        evidence = gather(self.ground)
        return set(evidence["texts_sent"]) <= set(evidence["texts_stored"])

    def _release_held(self) -> None:
        """A service that a worker with the old file held once more goes on."""
        with psycopg.connect(self.ground.postgres.url) as connection:
            held = connection.execute("select service from service_states where sending <> 'on'").fetchall()
        for (service,) in held:
            self.say(f"           {service} is held or paused: resumed")
            self._command("services", "resume", service)

    def _resolve(self, doubtful: Sequence[str]) -> None:
        """Say of what never was created that it was not sent; of the rest Twilio's lists tell, and must."""
        never_made = never_created(doubtful, gather(self.ground))
        for message_id in never_made[:_BY_COMMAND]:
            self._command("messages", "resolve", message_id, "--not-sent")
        with closing(build_runtime(self.ground.settings, name="operator")) as runtime:
            for message_id in never_made[_BY_COMMAND:]:
                runtime.resolving.not_sent(MessageId(UUID(message_id)), DEFAULT_TENANT)
        self.resolved += len(never_made)

    def _command(self, *words: str) -> None:
        answer = command_line.run(self.ground.environment, *words)
        if answer.exit_code != 0:
            self.failures.append(f"{' '.join(words)}: exit {answer.exit_code}: {answer.words.strip()[-300:]}")


def never_created(doubtful: Sequence[str], evidence: Mapping[str, Any]) -> list[str]:
    """Return those of which no attempt that is not superseded made a message; one before may have, and failed."""
    live_from = {stored.id: stored.live_from for stored in evidence["stored"]}
    made = {
        create.message_id
        for create in evidence["creates"]
        if create.created and create.attempt >= live_from.get(create.message_id, 1)
    }
    return [one for one in doubtful if one not in made]


def _in_words(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{status} {count}" for status, count in sorted(counts.items()) if status != "open")
