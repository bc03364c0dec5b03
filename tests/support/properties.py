"""Property tests that do not depend on how fast the machine is."""

from collections.abc import Callable
from typing import Any

import hypothesis
from hypothesis import HealthCheck, settings
from hypothesis.strategies import SearchStrategy

Test = Callable[..., None]

_UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


def given(*strategies: SearchStrategy[Any]) -> Callable[[Test], Test]:
    """Do what ``hypothesis.given`` does, with neither deadline nor complaint about slow data."""
    return lambda test: _UNHURRIED(hypothesis.given(*strategies)(test))
