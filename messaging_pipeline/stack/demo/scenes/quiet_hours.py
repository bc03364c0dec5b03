"""It is night where the recipient is, so the message waits for their morning."""

from datetime import datetime
from zoneinfo import ZoneInfo

from messaging_pipeline.stack.demo.stage import EVENINGS, Stage, somebody

TITLE = "Quiet hours"

#: Round the earth, so that in one of them it is night now.
_PLACES = (
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
    "Pacific/Auckland",
    "Asia/Tokyo",
    "Asia/Karachi",
    "Europe/Berlin",
)
_EVENING, _MORNING = 21, 7


def play(stage: Stage) -> None:
    """Hand a message over, show until when it waits, and withdraw it: nobody wants to wait that long."""
    place = place_at_night(stage.runtime.clock.now())
    here = f"{stage.runtime.clock.now().astimezone(ZoneInfo(place)):%H:%M} in {place}"
    message_id = stage.send(somebody(), "Good morning!", service=EVENINGS, tags={"time_zone": place})
    waiting = stage.message(message_id)
    why = next(event["detail"] for event in waiting["events"] if event["detail"])
    stage.say(f"it is {here}; a message to somebody there is {waiting['status']}: {why}")
    stage.runtime.canceling.cancel(message_id, waiting["tenant"])
    stage.say(f"it is withdrawn, so that nothing is left over: {stage.message(message_id)['status']}")


def place_at_night(now: datetime) -> str:
    """Return a time zone in which it is night at this moment."""
    return next(place for place in _PLACES if _is_night(now.astimezone(ZoneInfo(place)).hour))


def _is_night(hour: int) -> bool:
    return hour >= _EVENING or hour < _MORNING
