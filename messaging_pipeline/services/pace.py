"""How a pace falls when a limit was met, and how it comes back when nothing more is heard of it.

A pace is what share of its rate a service, or a whole account, uses: 1.0 unless Twilio or a carrier has complained.
Each complaint halves it; quiet time brings it back. What is stored is the share that was left when it last fell,
and when that was. The way up is computed, so recovery needs no write and no process that would have to be alive.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from messaging_pipeline.ids import ServiceKey, TenantKey

PaceName = NewType("PaceName", str)
"""Whose pace it is: ``service:<key>`` or ``account:<tenant>``."""

FULL = 1.0
FLOOR = 0.02
"""A pace that falls for ever would never find out that the limit is gone."""

CUT = 0.5
COOL_DOWN_SECONDS = 2.0
"""Refusals that come together tell of one limit: the first one lowers the pace, the others change nothing."""

QUIET_SECONDS = 5.0
"""This long a lowered pace stays where it is."""

RECOVERY_SECONDS = 120.0
"""How long the whole way from nothing to full would take; from a half, where one refusal leads, it is a minute."""


@dataclass(frozen=True, slots=True)
class Pace:
    """The share that was left when the pace was last lowered, and when that was."""

    factor: float
    lowered_at: datetime


def pace_of_service(service: ServiceKey) -> PaceName:
    """Name the pace of one service."""
    return PaceName(f"service:{service}")


def pace_of_account(tenant: TenantKey) -> PaceName:
    """Name the pace of a tenant's account, which all of its services share."""
    return PaceName(f"account:{tenant}")


def factor_at(stored: Pace | None, now: datetime) -> float:
    """Return the share in force at a moment, from ``FLOOR`` to 1.0; a pace that never fell is full."""
    if stored is None:
        return FULL
    rising_seconds = max(0.0, (now - stored.lowered_at).total_seconds() - QUIET_SECONDS)
    return min(FULL, max(FLOOR, stored.factor) + rising_seconds / RECOVERY_SECONDS)


def lowered(stored: Pace | None, now: datetime) -> Pace | None:
    """Return the pace after one more complaint; None when the last one was only a moment ago.

    A moment ago by either sign: hosts' clocks differ, and one that was far ahead must not keep a pace from falling.
    """
    if stored is not None and abs((now - stored.lowered_at).total_seconds()) < COOL_DOWN_SECONDS:
        return None
    return Pace(max(FLOOR, factor_at(stored, now) * CUT), now)
