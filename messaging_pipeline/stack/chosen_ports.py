"""The loopback ports of one run of a local stack."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self
from urllib.parse import urlsplit

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack import ports
from messaging_pipeline.stack.child_environment import is_set
from messaging_pipeline.stack.kept_ports import KeptPorts
from messaging_pipeline.stack.local_servers import LocalServers
from messaging_pipeline.stack.own_processes import MEASURED


@dataclass(frozen=True, slots=True)
class ChosenPorts:
    """Loopback ports that were free when they were chosen; ``metrics`` by process."""

    webhooks: int
    simulator: int
    smtp: int
    metrics: dict[str, int]

    @classmethod
    def choose(cls, given: Mapping[str, str], last: KeptPorts) -> Self:
        """Take the port that is wanted for the webhooks, then those of the last run where they are free, else any.

        Raises InvalidSettings when ``given`` itself names a port that is taken; 0 is no wish.
        """
        wanted = Settings.from_environment(given).port
        if wanted and is_set(given, "PORT") and not ports.is_free(wanted):
            raise InvalidSettings("PORT", f"{wanted} is taken", "stop what listens there, or name another; 0 is any")
        wishes = [(wanted, last.webhooks), (last.simulator,), (last.smtp,)]
        kept = [next((port for port in wish if port and ports.is_free(port)), 0) for wish in wishes]
        anew = ports.free_ports(len(kept) + len(MEASURED))
        if set(kept) & set(anew):  # a rare accident: what was kept has just been drawn, too
            return cls.choose(given, last)
        webhooks, simulator, smtp = (old or new for old, new in zip(kept, anew, strict=False))
        return cls(webhooks, simulator, smtp, dict(zip(MEASURED, anew[len(kept) :], strict=True)))

    def are_free(self) -> bool:
        """Tell whether all are free still, or again."""
        return all(ports.is_free(port) for port in (self.webhooks, self.simulator, self.smtp, *self.metrics.values()))

    def to_keep(self, servers: LocalServers) -> KeptPorts:
        """Return those that variables name."""
        redis = 0 if servers.valkey is None else urlsplit(servers.valkey.url).port or 0
        return KeptPorts(self.webhooks, self.simulator, self.smtp, redis)
