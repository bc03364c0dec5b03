"""Builds the parts of a process from its settings, once, and closes them in order."""

import os
import socket
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from redis import Redis

from messaging_pipeline.accept.accept import Accepting
from messaging_pipeline.accept.from_broker import AcceptingFromBroker
from messaging_pipeline.audit.auditing import Auditing
from messaging_pipeline.clock import Clock, SystemClock
from messaging_pipeline.configuration import Configuration, Tenant, load_configuration
from messaging_pipeline.db.pool import Pool, open_pool
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.lane import Lane
from messaging_pipeline.deliver.outgoing import Outgoing
from messaging_pipeline.deliver.sweep import Sweep
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.fallback.postbox import postbox_from
from messaging_pipeline.fallback.run import FallingBack
from messaging_pipeline.fallback.start import wake_fallbacks
from messaging_pipeline.follow.apply_evidence import Following
from messaging_pipeline.history.tracing import Tracing
from messaging_pipeline.ids import ServiceKey, TenantKey
from messaging_pipeline.pacing.token_bucket import TokenBucket
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.receive.store import Receiving
from messaging_pipeline.redis_client import open_redis
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.settings import Settings, required
from messaging_pipeline.twilio_api.client import TwilioApi
from messaging_pipeline.waking.bell import Bell
from messaging_pipeline.waking.wake_ups import WakeUps


@dataclass(frozen=True, slots=True)
class Runtime:
    """What every process of the library's has: memory, time, a voice, and the two desks that need only those."""

    settings: Settings
    configuration: Configuration
    clock: Clock
    pool: Pool
    redis: Redis
    sealer: Sealer
    publisher: Publisher
    wake_ups: WakeUps
    bell: Bell
    accepting: Accepting
    tracing: Tracing
    _closing: ExitStack

    def close(self) -> None:
        """Close every connection."""
        self._closing.close()


@dataclass(frozen=True, slots=True)
class WorkerRuntime:
    """What a worker has beside that: the desks that send, follow, receive, fall back and sweep."""

    base: Runtime
    from_broker: AcceptingFromBroker
    lane: Lane
    following: Following
    receiving: Receiving
    falling_back: FallingBack
    sweep: Sweep
    auditing: Auditing

    def close(self) -> None:
        """Close every connection."""
        self.base.close()


def build_runtime(
    settings: Settings, *, name: str, connections: int = 4, checked: bool = True, clock: Clock | None = None
) -> Runtime:
    """Build the parts that a producer or the command line needs; nothing is connected before it is used.

    Raises InvalidSettings naming what is missing or wrong.
    """
    clock = clock or SystemClock()
    configuration = load_configuration(settings)
    sealer = Sealer(settings.sealing_keys())
    with ExitStack() as opening:
        pool = open_pool(required(settings.database_url, "DATABASE_URL"), size=connections, name=name, checked=checked)
        opening.callback(pool.close)
        redis = open_redis(required(settings.redis_url, "REDIS_URL"))
        opening.callback(redis.close)
        publisher = Publisher(settings.broker_url)
        opening.callback(publisher.close)
        wake_ups = WakeUps(redis, partial(_publish_wake_up, publisher))
        bell = Bell(wake_ups, clock)
        return Runtime(
            settings=settings,
            configuration=configuration,
            clock=clock,
            pool=pool,
            redis=redis,
            sealer=sealer,
            publisher=publisher,
            wake_ups=wake_ups,
            bell=bell,
            accepting=Accepting(pool, sealer, configuration, clock, bell),
            tracing=Tracing(pool),
            _closing=opening.pop_all(),
        )


def build_worker_runtime(settings: Settings, *, name: str, threads: int, clock: Clock | None = None) -> WorkerRuntime:
    """Build everything that a worker with this many threads needs; raises InvalidSettings."""
    base = build_runtime(settings, name=name, connections=threads + 2, checked=False, clock=clock)
    wake = partial(wake_fallbacks, base.publisher)
    following = Following(base.pool, base.clock, base.sealer, wake)
    lease = timedelta(seconds=settings.lease_seconds)
    book = partial(Book, base.pool, base.clock, base.sealer, lease, f"{socket.gethostname()}:{os.getpid()}", wake)
    return WorkerRuntime(
        base=base,
        from_broker=AcceptingFromBroker(base.accepting),
        lane=Lane(
            pool=base.pool,
            clock=base.clock,
            services=base.configuration.services,
            buckets=_buckets(base),
            twilio=_twilio_apis(settings, base.configuration, threads),
            outgoing=Outgoing(base.sealer, base.configuration, settings.callback_url),
            new_book=book,
            wake_ups=base.wake_ups,
            bell=base.bell,
            lease=lease,
        ),
        following=following,
        receiving=Receiving(base.pool, base.sealer),
        falling_back=FallingBack(base.pool, base.clock, base.sealer, postbox_from(settings)),
        sweep=Sweep(base.pool, base.clock, base.configuration, base.sealer, base.bell, following, wake),
        auditing=Auditing(base.pool, base.clock),
    )


def _publish_wake_up(publisher: Publisher, service: ServiceKey) -> None:
    publisher.publish(Task.DELIVER, {"service": service})


def _buckets(base: Runtime) -> dict[str, TokenBucket]:
    return {
        key: TokenBucket(base.redis, key, service.segments_per_second, service.burst)
        for key, service in base.configuration.services.items()
    }


def _twilio_apis(settings: Settings, configuration: Configuration, threads: int) -> dict[TenantKey, TwilioApi]:
    sending = {service.tenant for service in configuration.services.values()}
    return {TenantKey(key): _twilio_api(settings, configuration.tenants.get(key), key, threads) for key in sending}


def _twilio_api(settings: Settings, tenant: Tenant | None, key: str, threads: int) -> TwilioApi:
    if tenant is None:
        raise InvalidSettings(
            "TWILIO_ACCOUNT_SID",
            f"is not set, and tenant {key!r} is declared nowhere else",
            "set it and TWILIO_AUTH_TOKEN",
        )
    return TwilioApi(
        tenant.account_sid, settings.read_secret(tenant.auth_token), settings.api_base_url, pool_size=threads
    )
