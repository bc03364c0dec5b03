"""The ports of a local stack, kept in its folder, so that what one run had exported is good in the next."""

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Self

_FILE = "ports.json"
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class KeptPorts:
    """Loopback ports that exported variables name; 0 is none. ``redis`` is kept by its server, with the password."""

    webhooks: int = 0
    simulator: int = 0
    smtp: int = 0
    redis: int = 0

    @classmethod
    def of_the_last_run(cls, folder: Path) -> Self:
        """Return the ports of the last run in ``folder``; a file that nobody can read is as good as none."""
        try:
            told = json.loads((folder / _FILE).read_text())
            return cls(**{field.name: _port(told[field.name]) for field in fields(cls)})
        except (OSError, ValueError, TypeError, KeyError):
            return cls()

    def keep(self, folder: Path) -> None:
        """Write them down for the next run."""
        (folder / _FILE).write_text(json.dumps(asdict(self)) + "\n")

    @property
    def are_known(self) -> bool:
        """Tell whether there was a run before."""
        return any(asdict(self).values())


def _port(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value <= _HIGHEST_PORT:
        raise ValueError("is no port")
    return value
