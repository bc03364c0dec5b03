"""Whether a recipient who has opted out gets nothing by another channel either, whatever a plan says."""

from collections.abc import Mapping
from typing import Any

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.keywords.reach import reach_of


def kept_silent(configuration: Configuration, claimed: Mapping[str, Any]) -> Posted | None:
    """Return what becomes of a claimed step that must not leave; None when it may."""
    tenant, channel = configuration.tenants.get(claimed["tenant"]), claimed["channel"]
    if tenant is None or channel not in tenant.consent.opt_out_extends_to:
        return None
    shares = reach_of(configuration, claimed["tenant"], claimed["service"]) == "global"
    if not (claimed["opted_out"] or (shares and claimed["opted_out_everywhere"])):
        return None
    return Posted("refused", f"the recipient has opted out, which by opt_out_extends_to is true of {channel} as well")
