"""How long a message waits before it is tried again, where the usual back-off is too short."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from messaging_pipeline.backoff import Dice

#: Twilio's loop guard lifts when there were no messages between the two for 30 seconds
#: (https://www.twilio.com/docs/api/errors/14107).
_LOOP_GUARD = 14107
_LOOP_GUARD_SECONDS = 30.0

#: Daily caps of 10DLC brands begin anew at midnight, Pacific time (https://www.twilio.com/docs/api/errors/30023).
_SPENT_FOR_TODAY = frozenset({30023, 30027, 63038})
_CARRIERS_DAY = ZoneInfo("America/Los_Angeles")

_LONGEST_UNDELIVERED_WAIT_SECONDS = 86_400.0

ASK_ABOUT_DOUBT = timedelta(seconds=30)
"""Twilio is asked about a message in doubt after so long: its lists should have it by then."""


def turn_comes_after(code: int, wait_seconds: float, now: datetime) -> datetime:
    """Return when a throttled message may try again: after the wait, or when the limit it met allows it."""
    if code == _LOOP_GUARD:
        wait_seconds += _LOOP_GUARD_SECONDS
    begins = next_midnight(now, _CARRIERS_DAY) if code in _SPENT_FOR_TODAY else now
    return begins + timedelta(seconds=wait_seconds)


def next_midnight(now: datetime, zone: ZoneInfo) -> datetime:
    """Return the beginning of the zone's next day, in UTC."""
    tomorrow = now.astimezone(zone).date() + timedelta(days=1)
    return datetime(tomorrow.year, tomorrow.month, tomorrow.day, tzinfo=zone).astimezone(now.tzinfo)


def undelivered_wait_seconds(retries: int, first_seconds: float, dice: Dice) -> float:
    """Half of 1, 2, 4 … times the first wait, and at random up to all of it: a handset needs time to come back."""
    ceiling = min(_LONGEST_UNDELIVERED_WAIT_SECONDS, first_seconds * 2.0 ** min(retries, 20))
    return dice(ceiling / 2, ceiling)
