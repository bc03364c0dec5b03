"""Puts the desk together that redacts, with the accounts of all tenants that want it."""

from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.redaction.redacting import Redacting
from messaging_pipeline.services.lines import Lines
from messaging_pipeline.twilio_api.accounts import Accounts


def redacting_desk(
    pool: Pool, clock: Clock, configuration: Configuration, accounts: Accounts, lines: Lines
) -> Redacting:
    """Return the desk; raises InvalidSettings: a worker without a token that it needs must not start."""
    twilio = {
        tenant: accounts.of(tenant)
        for tenant, known in configuration.tenants.items()
        if known.retention is not None and known.retention.redact_at_twilio != "never"
    }
    return Redacting(pool, clock, configuration, lines, twilio)
