"""Puts the desk together at which files are copied, with the logins of all accounts whose files are."""

from functools import partial

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.inbound_media.copying import Copying
from messaging_pipeline.inbound_media.items import wake_copies
from messaging_pipeline.publish import Publisher
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.services.lines import Lines
from messaging_pipeline.twilio_api.accounts import Accounts


def copying_desk(
    pool: Pool,
    clock: Clock,
    sealer: Sealer,
    configuration: Configuration,
    accounts: Accounts,
    *,
    lines: Lines,
    publisher: Publisher,
) -> Copying:
    """Return the desk; raises InvalidSettings: a worker without a token or a store that it needs must not start."""
    return Copying(
        pool=pool,
        clock=clock,
        sealer=sealer,
        configuration=configuration,
        lines=lines,
        logins={
            tenant: accounts.login_of(tenant)
            for tenant, known in configuration.tenants.items()
            if known.inbound_media is not None
        },
        wake=partial(wake_copies, publisher),
        has_room=publisher.has_room,
    )
