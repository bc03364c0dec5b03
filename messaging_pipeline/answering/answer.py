"""Decides whether what could be answered is answered."""

from dataclasses import dataclass

from redis.exceptions import RedisError

from messaging_pipeline.answering.loop_guard import LoopGuard
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.keywords.hearing import Heard
from messaging_pipeline.metrics import record_answer


@dataclass(frozen=True, slots=True)
class Answering:
    """The desk of the webhook tier that says something at once, or nothing."""

    guard: LoopGuard

    def answer(self, heard: Heard, sid: str) -> str | None:
        """Return the text to answer with, if any. Without a Redis that counts, nothing is answered: rather silent than
        one of two machines in a loop.
        """
        if heard.answer is None:
            return None
        try:
            passes = self.guard.lets_pass(heard, sid)
        except RedisError:
            record_answer("unguarded")
            return None
        record_answer(str(heard.kind) if passes else "looping")
        return heard.answer if passes else None


def declares_answers(configuration: Configuration) -> bool:
    """Tell whether any service or tenant has something to answer."""
    policies = [service.keywords for service in configuration.services.values()]
    policies += [tenant.keywords for tenant in configuration.tenants.values()]
    return any(policy.has_answers for policy in policies)
