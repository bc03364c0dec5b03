"""Puts the parts of reconciliation together."""

from collections.abc import Callable

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.fallback.start import StepId
from messaging_pipeline.follow.apply_evidence import Following
from messaging_pipeline.receive.store import Receiving
from messaging_pipeline.reconcile.checks import Checks
from messaging_pipeline.reconcile.doubts import Doubts
from messaging_pipeline.reconcile.inbound import Inbound
from messaging_pipeline.reconcile.lists import Lists
from messaging_pipeline.reconcile.out_of_time import OutOfTime
from messaging_pipeline.reconcile.outbound import Outbound
from messaging_pipeline.reconcile.run import Reconciling
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.services.lines import Lines
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.waking.bell import Bell


def reconciling(  # noqa: PLR0913 - each part by its name
    *,
    pool: Pool,
    clock: Clock,
    configuration: Configuration,
    sealer: Sealer,
    accounts: Accounts,
    lines: Lines,
    following: Following,
    receiving: Receiving,
    bell: Bell,
    wake_fallbacks: Callable[[list[StepId]], None],
) -> Reconciling:
    """Return the desk that asks Twilio."""
    return Reconciling(
        pool=pool,
        clock=clock,
        configuration=configuration,
        accounts=accounts,
        lines=lines,
        lists=Lists(pool, Outbound(pool, clock, following), Inbound(pool, clock, sealer, receiving)),
        checks=Checks(pool, clock, configuration.reconcile, following),
        doubts=Doubts(
            pool=pool,
            clock=clock,
            sealer=sealer,
            configuration=configuration,
            following=following,
            out_of_time=OutOfTime(pool, clock, sealer, configuration, bell, wake_fallbacks),
        ),
    )
