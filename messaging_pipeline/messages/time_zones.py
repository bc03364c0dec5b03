"""Where a number's phone probably is: the time zones that its first digits stand for."""

import phonenumbers
from phonenumbers import timezone

from messaging_pipeline.ids import E164

_UNKNOWN = (timezone.UNKNOWN_TIMEZONE,)

_FAR_AWAY = "Pacific/Guam"
_STATES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Adak",
    "Pacific/Honolulu",
)
"""The zones of the fifty states."""


def time_zones_of(number: E164) -> tuple[str, ...]:
    """Return the zones that a number may be in, by its area code or else its country; none where it tells nothing.

    A +1 number without an area, such as a toll-free one, stands for every zone from Guam to Newfoundland, which have
    hardly two hours of daytime in common. It is taken for one of the states.
    """
    parsed = phonenumbers.parse(number)
    zones = timezone.time_zones_for_number(parsed)
    if zones == _UNKNOWN:  # a plan changes faster than our copy of it; the first digits still tell the country
        zones = timezone.time_zones_for_geographical_number(parsed)
    if zones == _UNKNOWN:
        return ()
    return _STATES if _FAR_AWAY in zones and len(zones) > 1 else tuple(zones)
