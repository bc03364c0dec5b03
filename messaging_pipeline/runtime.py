"""Builds the parts of a process from its settings, once, and closes them in order."""

from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from redis import Redis

from messaging_pipeline.accept.accept import Accepting
from messaging_pipeline.accept.cancel import Canceling
from messaging_pipeline.accept.explain import Explaining
from messaging_pipeline.accept.first_message import FirstMessages
from messaging_pipeline.clock import Clock, SystemClock
from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.db.address import postgres_address
from messaging_pipeline.db.pool import Pool, open_pool
from messaging_pipeline.fallback.start import wake_fallbacks
from messaging_pipeline.feedback import GivingFeedback
from messaging_pipeline.follow.apply_evidence import Evidence, Following
from messaging_pipeline.gauges.duties import Duties
from messaging_pipeline.gauges.reading import Gauges
from messaging_pipeline.history.tracing import Tracing
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.notices.desk import tellers_bell
from messaging_pipeline.notices.start import TellersBell
from messaging_pipeline.one_time_codes.book import VerificationBook
from messaging_pipeline.one_time_codes.verifying import Verifying
from messaging_pipeline.pacing.token_bucket import Buckets
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.reconcile.resolve import Resolving
from messaging_pipeline.redis_client import open_redis
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.services.board import ServiceBoard
from messaging_pipeline.services.lines import verify_slots
from messaging_pipeline.settings import Settings, required
from messaging_pipeline.traces.spans import set_up_traces
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.remote_messages import RemoteMessage
from messaging_pipeline.waiting import Waiting
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
    board: ServiceBoard
    accounts: Accounts
    following: Following
    accepting: Accepting
    explaining: Explaining
    canceling: Canceling
    resolving: Resolving
    feedback: GivingFeedback
    verifying: Verifying
    tracing: Tracing
    waiting: Waiting
    gauges: Gauges
    tellers: TellersBell
    _closing: ExitStack

    def close(self) -> None:
        """Close every connection."""
        self._closing.close()


def build_runtime(
    settings: Settings, *, name: str, connections: int = 4, checked: bool = True, clock: Clock | None = None
) -> Runtime:
    """Build the parts that a producer or the command line needs; nothing is connected before it is used.

    Raises InvalidSettings naming what is missing or wrong.
    """
    set_up_traces(settings)
    clock = clock or SystemClock()
    configuration = load_configuration(settings)
    database = _database(settings)  # first: who has set nothing must not begin by making a key of his own
    sealer = Sealer(settings.sealing_keys())
    with ExitStack() as opening:
        pool = open_pool(database, size=connections, name=name, checked=checked)
        opening.callback(pool.close)
        redis = open_redis(required(settings.redis_url, "REDIS_URL"))
        opening.callback(redis.close)
        publisher = Publisher(settings.broker_url)
        opening.callback(publisher.close)
        wake_ups = WakeUps(redis, partial(_publish_wake_up, publisher))
        bell = Bell(wake_ups)
        board = ServiceBoard(pool, configuration, clock)
        accounts = Accounts(settings, configuration, connections)
        opening.callback(accounts.close)
        first_messages = FirstMessages(configuration)
        tellers = tellers_bell(redis, publisher, configuration)
        following = Following(pool, clock, sealer, configuration, partial(wake_fallbacks, publisher), tellers.ring_for)
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
            board=board,
            accounts=accounts,
            following=following,
            accepting=Accepting(pool, sealer, configuration, clock, bell, board, first_messages),
            explaining=Explaining(pool, configuration, clock, board, first_messages),
            canceling=Canceling(pool, clock, accounts, partial(_hear, following, clock)),
            resolving=Resolving(pool, clock, accounts, following, bell),
            feedback=GivingFeedback(pool, clock, accounts),
            verifying=Verifying(VerificationBook(pool), clock, sealer, accounts, verify_slots(redis, configuration)),
            tracing=Tracing(pool),
            waiting=Waiting(pool, configuration, clock, board, wake_ups),
            gauges=Gauges(pool, clock, configuration, board, Buckets(redis), Duties(pool, clock)),
            tellers=tellers,
            _closing=opening.pop_all(),
        )


def _database(settings: Settings) -> str:
    return postgres_address(required(settings.database_url, "DATABASE_URL"), "DATABASE_URL")


def _hear(following: Following, clock: Clock, message_id: MessageId, tenant: str, told: RemoteMessage) -> None:
    """What Twilio tells when it is asked to cancel is evidence, like any other."""
    following.apply(
        [
            Evidence(
                message_id=message_id,
                tenant=tenant,
                sid=told.sid,
                status=told.status,
                error_code=told.error_code,
                received_at=clock.now(),
                source="reconcile",
            )
        ]
    )


def _publish_wake_up(publisher: Publisher, service: ServiceKey) -> None:
    publisher.publish(Task.DELIVER, {"service": service})
