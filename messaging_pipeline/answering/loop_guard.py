"""Counts the answers to one number in Redis, so that machines which answer each other stop."""

from dataclasses import dataclass
from importlib import resources

from redis import Redis
from redis.commands.core import Script

from messaging_pipeline.clock import Clock
from messaging_pipeline.keywords.hearing import Heard
from messaging_pipeline.sealing import Sealer

_SCRIPT = resources.files("messaging_pipeline.answering").joinpath("loop_guard.lua").read_text("utf-8")


@dataclass(frozen=True, slots=True)
class LoopGuard:
    """Lets so many answers to one number pass in any window of time, for each service.

    A key in Redis holds a keyed hash of the number, never the number. The hosts' clocks say when a window ends, which
    is exact enough for minutes.
    """

    script: Script
    sealer: Sealer
    clock: Clock

    @classmethod
    def of(cls, redis: Redis, sealer: Sealer, clock: Clock) -> "LoopGuard":
        """Make a guard on a Redis."""
        return cls(redis.register_script(_SCRIPT), sealer, clock)

    def lets_pass(self, heard: Heard, sid: str) -> bool:
        """Tell whether this message may be answered; raises RedisError when nobody can know."""
        whose = self.sealer.fingerprint([heard.tenant, heard.service, heard.number]).hex()
        now, window = self.clock.now().timestamp() * 1000, heard.most_answers_seconds * 1000
        arguments: list[int | str] = [round(now), round(window), heard.most_answers, sid]
        return bool(self.script(keys=[f"mp:answers:{whose}"], args=arguments))
