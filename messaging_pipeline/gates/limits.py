"""What a limit makes of a message for which it has no room, asked by gates beforehand and by whoever counts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.spending.allowance import Allowance, Draw

_NOTHING_USED = Decimal(0)
_REMEDY = "wait for the next one, or raise the limit in messaging.toml"


def without_price(allowance: Allowance) -> Verdict | None:
    """Refuse a message of which nobody knows what it costs, where money is limited; None for every other one."""
    if allowance.cost is not None or not allowance.capped:
        return None
    return Verdict.refused(
        f"the price list does not say what this message costs in {allowance.country}, and what is spent is limited",
        f'add {allowance.country}, or "*" for every other country, to [prices.to], with mms where media are sent',
    )


def without_room(draws: Sequence[Draw], used: Mapping[str, Decimal], expires_at: datetime | None) -> Verdict | None:
    """Return what becomes of a message that finds no room in one of its limits; None if it finds some in each.

    It waits until there is room in all of them, and is refused where a limit says so, or where it expires before.
    """
    full = [draw for draw in draws if not draw.has_room(used.get(draw.meter, _NOTHING_USED))]
    if not full:
        return None
    for draw in full:
        if draw.when_reached == "refuse" or not draw.has_room(_NOTHING_USED):
            return Verdict.refused(f"limit reached: {draw.words}, and there is no room for this one", _REMEDY)
    last = max(full, key=lambda draw: draw.period.ends_at)
    reason = f"limit reached: {last.words}; there is room again from {last.period.ends_at:%Y-%m-%d %H:%M} UTC"
    if expires_at is not None and expires_at <= last.period.ends_at:
        return Verdict.refused(f"{reason}, and the message expires before that", "let it expire later")
    return Verdict.waits(last.period.ends_at, reason)
