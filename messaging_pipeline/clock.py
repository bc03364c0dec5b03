"""The time, as something that is handed in and can be held still."""

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Tells the time; every part that needs it is given one."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""


class SystemClock:
    """The host's clock. Hosts should run NTP, but no promise depends on their agreeing (ADR 0006)."""

    def now(self) -> datetime:
        """Return the host's time in UTC."""
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is moved, for tests and rehearsals."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the hands forward."""
        self._now += timedelta(seconds=seconds)
