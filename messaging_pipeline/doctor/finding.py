"""What a check has found, and what would put it right."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

State = Literal["ok", "warning", "error", "unreachable", "skipped"]


@dataclass(frozen=True, slots=True)
class Change:
    """What the doctor may change by itself: what it would do, in words, and the doing.

    ``make`` returns None when it is done, or else why not.
    """

    words: str
    make: Callable[[], str | None]


@dataclass(frozen=True, slots=True)
class Finding:
    """One answer of one check.

    ``about`` is what it is about: a setting, ``tenants.acme``, ``services.alerts``. ``told`` is what is so, ``cure``
    what to do about it. No secret, no body and no whole number stands in any of them. ``fixed`` says that ``change``
    has been made.
    """

    about: str
    state: State
    told: str
    cure: str | None = None
    change: Change | None = None
    fixed: bool = False
    check: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return what programs are told."""
        return {
            "check": self.check,
            "about": self.about,
            "state": self.state,
            "told": self.told,
            "cure": self.cure,
            "fix": self.change.words if self.change else None,
            "fixed": self.fixed,
        }


def ok(about: str, told: str) -> Finding:
    """All is well."""
    return Finding(about, "ok", told)


def warning(about: str, told: str, cure: str, change: Change | None = None) -> Finding:
    """It works, and somebody should look at it."""
    return Finding(about, "warning", told, cure, change)


def error(about: str, told: str, cure: str, change: Change | None = None) -> Finding:
    """It does not work, or loses something."""
    return Finding(about, "error", told, cure, change)


def unreachable(about: str, told: str, cure: str) -> Finding:
    """Nobody answers there, so nothing can be said."""
    return Finding(about, "unreachable", told, cure)


def skipped(about: str, why: str) -> Finding:
    """Not looked at, and why."""
    return Finding(about, "skipped", why)
