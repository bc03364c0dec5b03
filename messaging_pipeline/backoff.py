"""How long to wait before trying again what certainly did not happen."""

import random
from collections.abc import Callable

#: The first ceiling, and the highest, of the time between two attempts.
_FIRST_CEILING_SECONDS = 1.0
_HIGHEST_CEILING_SECONDS = 300.0

Dice = Callable[[float, float], float]


def backoff_seconds(attempts: int, dice: Dice = random.uniform) -> float:
    """Exponential back-off with full jitter: somewhere between 0 and 1, 2, 4 … seconds, at most 300.

    ``attempts`` counts the ones already made, from 1. Full jitter spreads those who were turned away together,
    so that they do not come back together.
    """
    return dice(0.0, min(_HIGHEST_CEILING_SECONDS, _FIRST_CEILING_SECONDS * 2.0 ** min(attempts - 1, 20)))
