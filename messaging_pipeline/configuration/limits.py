"""Daily caps, and how reconciliation goes about its work, as the file declares them."""

from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from messaging_pipeline.policies.compliance import TimeZone

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


@dataclass(frozen=True, config=_STRICT)
class DailyCap:
    """What may leave for a brand or a sender on one day, in segments; the day begins at ``reset_hour`` of its zone."""

    segments_per_day: Annotated[int, Field(ge=1, le=1_000_000_000)]
    reset_hour: Annotated[int, Field(ge=0, le=23)] = 0
    time_zone: TimeZone = "America/Los_Angeles"

    def zone(self) -> ZoneInfo:
        """Return the zone whose clock begins the day."""
        return ZoneInfo(self.time_zone)


Age = Annotated[float, Field(gt=0, le=35 * 86_400)]


@dataclass(frozen=True, config=_STRICT)
class ReconcilePolicy:
    """When Twilio is asked about messages that have gone quiet.

    ``ask_after_seconds`` are the ages of the last news at which it is asked, the last one repeated; after
    ``give_up_after_seconds`` without any news the message is left where it was last seen. ``list_every_seconds``
    is how often Twilio's lists are read for what never reached us.
    """

    ask_after_seconds: Annotated[tuple[Age, ...], Field(min_length=1)] = (120, 600, 3600, 14_400, 43_200, 86_400)
    give_up_after_seconds: Annotated[float, Field(ge=1, le=400 * 86_400)] = 3 * 86_400
    list_every_seconds: Annotated[float, Field(ge=1, le=86_400)] = 300
