"""Builds what a worker has beside the parts of every process: its desks."""

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from messaging_pipeline.accept.from_broker import AcceptingFromBroker
from messaging_pipeline.answering.loop_guard import LoopGuard
from messaging_pipeline.audit.auditing import Auditing
from messaging_pipeline.clock import Clock
from messaging_pipeline.deliver.book import Book
from messaging_pipeline.deliver.lane import Lane
from messaging_pipeline.deliver.link_texts import LinkTexts
from messaging_pipeline.deliver.media_sieve import MediaSieve
from messaging_pipeline.deliver.number_sieve import NumberSieve
from messaging_pipeline.deliver.order import Turns
from messaging_pipeline.deliver.outgoing import Outgoing
from messaging_pipeline.deliver.seats import Seats
from messaging_pipeline.deliver.supply import Supply
from messaging_pipeline.deliver.sweep import Sweep
from messaging_pipeline.fallback.channels import channels_of
from messaging_pipeline.fallback.letters_heard_of import HearingOfLetters
from messaging_pipeline.fallback.run import FallingBack
from messaging_pipeline.fallback.start import StepId, wake_fallbacks
from messaging_pipeline.follow.apply_evidence import Following
from messaging_pipeline.forgetting.retention import Retention
from messaging_pipeline.history.months import MakingMonths
from messaging_pipeline.ids import TenantKey
from messaging_pipeline.inbound_media.copying import Copying
from messaging_pipeline.inbound_media.desk import copying_desk
from messaging_pipeline.inbound_media.items import wake_copies
from messaging_pipeline.keyword_handlers.handling import Handling
from messaging_pipeline.keyword_handlers.ledger import CallLedger
from messaging_pipeline.keyword_handlers.start import wake_calls
from messaging_pipeline.keyword_handlers.switchboard import Switchboard
from messaging_pipeline.media.checking import MediaChecks
from messaging_pipeline.media.s3 import media_addresses
from messaging_pipeline.media.signing import MediaAddresses
from messaging_pipeline.notices.desk import telling_desk
from messaging_pipeline.notices.telling import Telling
from messaging_pipeline.pacing.token_bucket import Buckets
from messaging_pipeline.receive.store import Receiving
from messaging_pipeline.reconcile.desks import reconciling
from messaging_pipeline.reconcile.run import Reconciling
from messaging_pipeline.redaction.desk import redacting_desk
from messaging_pipeline.redaction.redacting import Redacting
from messaging_pipeline.runtime import Runtime, build_runtime
from messaging_pipeline.services.lines import Lines, slots_of_accounts
from messaging_pipeline.settings import Settings
from messaging_pipeline.signed_calls.calling import SignedCalls
from messaging_pipeline.tickets.desks import Desks
from messaging_pipeline.tickets.ledger import TicketLedger
from messaging_pipeline.tickets.start import wake_entries
from messaging_pipeline.tickets.ticketing import Ticketing
from messaging_pipeline.twilio_api.client import TwilioApi

#: Threads that wait for Twilio need none: a lane holds a connection for about a hundredth of its time.
_CONNECTIONS = 16


@dataclass(frozen=True, slots=True)
class WorkerRuntime:
    """What a worker has beside that: the desks that send, follow, receive, fall back and sweep."""

    base: Runtime
    from_broker: AcceptingFromBroker
    lane: Lane
    following: Following
    receiving: Receiving
    ticketing: Ticketing
    handling: Handling
    copying: Copying
    falling_back: FallingBack
    hearing_of_letters: HearingOfLetters
    sweep: Sweep
    auditing: Auditing
    reconciling: Reconciling
    retention: Retention
    redacting: Redacting
    making_months: MakingMonths
    telling: Telling

    def close(self) -> None:
        """Close every connection."""
        self.ticketing.desks.close()
        self.base.close()


def build_worker_runtime(settings: Settings, *, name: str, threads: int, clock: Clock | None = None) -> WorkerRuntime:
    """Build everything that a worker with this many threads needs; raises InvalidSettings."""
    base = build_runtime(settings, name=name, connections=min(threads, _CONNECTIONS) + 2, checked=False, clock=clock)
    wake = partial(wake_fallbacks, base.publisher)
    following = base.following
    receiving = Receiving(
        base.pool,
        base.sealer,
        base.configuration,
        partial(wake_entries, base.publisher),
        partial(wake_calls, base.publisher),
        partial(wake_copies, base.publisher),
        base.tellers.ring,
    )
    calls = _signed_calls(base)
    channels = channels_of(settings, base.configuration, calls, base.publisher, base.accepting.accept)
    media = media_addresses(base.configuration.media, settings.read_secret)
    lines = Lines(slots_of_accounts(base.redis, base.configuration), base.configuration, base.board)
    copying = copying_desk(
        base.pool,
        base.clock,
        base.sealer,
        base.configuration,
        base.accounts,
        lines=lines,
        publisher=base.publisher,
    )
    lane = _lane(base, media, threads, lines, wake)
    telling = telling_desk(
        base.pool,
        base.clock,
        base.sealer,
        publisher=base.publisher,
        calls=calls,
        bell=base.tellers,
        stopping=lane.stopping,
    )
    return WorkerRuntime(
        base=base,
        from_broker=AcceptingFromBroker(base.accepting),
        lane=lane,
        following=following,
        receiving=receiving,
        ticketing=_ticketing(base),
        handling=_handling(base, calls),
        copying=copying,
        falling_back=FallingBack(base.pool, base.clock, base.sealer, channels, media, wake, base.configuration),
        hearing_of_letters=HearingOfLetters(base.pool, base.clock, base.sealer, wake),
        sweep=_sweep(base, media, wake, copying.look_after, telling.look_after),
        auditing=Auditing(base.pool, base.clock),
        reconciling=reconciling(
            pool=base.pool,
            clock=base.clock,
            configuration=base.configuration,
            sealer=base.sealer,
            accounts=base.accounts,
            lines=lines,
            following=following,
            receiving=receiving,
            bell=base.bell,
            wake_fallbacks=wake,
        ),
        retention=Retention(base.pool, base.clock, base.sealer, base.configuration),
        redacting=redacting_desk(base.pool, base.clock, base.configuration, base.accounts, lines),
        making_months=MakingMonths(base.pool, base.clock),
        telling=telling,
    )


def _signed_calls(base: Runtime) -> SignedCalls:
    """A worker without a receiver's secret must not start."""
    secrets = {name: base.settings.read_secret(one.secret) for name, one in base.configuration.receivers.items()}
    return SignedCalls(base.configuration.receivers, secrets, base.clock)


def _ticketing(base: Runtime) -> Ticketing:
    return Ticketing(
        ledger=TicketLedger(base.pool),
        clock=base.clock,
        sealer=base.sealer,
        desks=Desks(base.settings, base.configuration),
        accept=base.accepting.accept,
        wake=partial(wake_entries, base.publisher),
    )


def _handling(base: Runtime, calls: SignedCalls) -> Handling:
    return Handling(
        ledger=CallLedger(base.pool),
        clock=base.clock,
        sealer=base.sealer,
        configuration=base.configuration,
        switchboard=Switchboard(base.configuration, base.publisher, calls),
        guard=LoopGuard.of(base.redis, base.sealer, base.clock),
        accept=base.accepting.accept,
    )


def _lane(
    base: Runtime, media: MediaAddresses, threads: int, lines: Lines, wake_fallbacks: Callable[[list[StepId]], None]
) -> Lane:
    lease, seats = timedelta(seconds=base.settings.lease_seconds), Seats(threads)
    worker = f"{socket.gethostname()}:{os.getpid()}"
    supply = Supply(
        pool=base.pool,
        clock=base.clock,
        configuration=base.configuration,
        board=base.board,
        bucket=Buckets(base.redis).bucket,
        turns=Turns(),
        seats=seats,
        wake_ups=base.wake_ups,
        bell=base.bell,
        lease=lease,
    )
    return Lane(
        clock=base.clock,
        supply=supply,
        media=MediaSieve(base.pool, base.clock, base.sealer, base.configuration, MediaChecks(), media, supply),
        numbers=NumberSieve(base.pool, base.clock, base.configuration, base.accounts.lookups_of, supply),
        board=base.board,
        seats=seats,
        lines=lines,
        twilio=_twilio_apis(base),
        outgoing=Outgoing(base.sealer, base.configuration, media, base.settings.callback_url),
        new_book=partial(Book, base.pool, base.clock, base.sealer, base.configuration, lease, worker, wake_fallbacks),
        wake_ups=base.wake_ups,
        bell=base.bell,
        stopping=threading.Event(),
    )


def _sweep(
    base: Runtime,
    media: MediaAddresses,
    wake_fallbacks: Callable[[list[StepId]], None],
    look_after_media: Callable[[], None],
    look_after_notices: Callable[[], None],
) -> Sweep:
    return Sweep(
        pool=base.pool,
        clock=base.clock,
        configuration=base.configuration,
        sealer=base.sealer,
        bell=base.bell,
        following=base.following,
        link_texts=LinkTexts(base.pool, base.clock, base.sealer, base.accepting, media),
        wake_fallbacks=wake_fallbacks,
        wake_tickets=partial(wake_entries, base.publisher),
        wake_handlers=partial(wake_calls, base.publisher),
        has_room=base.publisher.has_room,
        look_after_media=look_after_media,
        look_after_notices=look_after_notices,
    )


def _twilio_apis(base: Runtime) -> dict[TenantKey, TwilioApi]:
    """Every account that is sent from, now: a worker without its token must not start."""
    sending = {TenantKey(service.tenant) for service in base.configuration.services.values()}
    return {tenant: base.accounts.of(tenant) for tenant in sending}
