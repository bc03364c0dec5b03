"""Puts the desk together at which events are told, and the bell that wakes it."""

import threading

from redis import Redis

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.notices.ledger import NoticeLedger
from messaging_pipeline.notices.start import TellersBell, policy_in
from messaging_pipeline.notices.telling import Telling
from messaging_pipeline.notices.ways import way_of
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.signed_calls.calling import SignedCalls
from messaging_pipeline.waking.wake_ups import WakeUps


def tellers_bell(redis: Redis, publisher: Publisher, configuration: Configuration) -> TellersBell:
    """Return what wakes workers that tell."""

    def publish(key: ServiceKey) -> None:
        publisher.publish(Task.TELL, {"policy": policy_in(key)})

    return TellersBell(WakeUps(redis, publish), configuration)


def telling_desk(
    pool: Pool,
    clock: Clock,
    sealer: Sealer,
    *,
    publisher: Publisher,
    calls: SignedCalls,
    bell: TellersBell,
    stopping: threading.Event,
) -> Telling:
    """Return the desk; once ``stopping`` is set, it begins nothing new."""
    policies = bell.configuration.events
    ways = {name: way_of(policy, publisher, calls) for name, policy in policies.items()}
    return Telling(NoticeLedger(pool), clock, sealer, policies, ways, bell, stopping)
