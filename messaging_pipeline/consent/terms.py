"""On what terms a message may leave: whose opt-outs count beside the tenant's own, and whether a yes is needed."""

from collections.abc import Mapping
from dataclasses import dataclass

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.keywords.reach import reach_of
from messaging_pipeline.policies.compliance import INTENT_TAG, REPLY_INTENT
from messaging_pipeline.policies.consent import EVERY_INTENT, ConsentPolicy

ALL_TENANTS = "*"
"""In the place of a tenant: what all those share whose STOP reaches everywhere. No tenant can be called so."""


@dataclass(frozen=True, slots=True)
class Terms:
    """``shared`` is ALL_TENANTS where shared opt-outs count too; with ``needs_grant``, silence is no consent."""

    shared: str | None = None
    needs_grant: bool = False


UNCONDITIONAL = Terms()


def terms_of(configuration: Configuration, tenant: str, service: str, tags: Mapping[str, str]) -> Terms:
    """Return the terms of a message with these tags."""
    policy = configuration.tenants[tenant].consent if tenant in configuration.tenants else None
    return Terms(
        shared=ALL_TENANTS if reach_of(configuration, tenant, service) == "global" else None,
        needs_grant=policy is not None and _needs_grant(policy, tags.get(INTENT_TAG)),
    )


def _needs_grant(policy: ConsentPolicy, intent: str | None) -> bool:
    return intent in policy.required_for or (EVERY_INTENT in policy.required_for and intent != REPLY_INTENT)
