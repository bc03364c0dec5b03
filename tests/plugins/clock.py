"""A clock that moves only when told."""

from datetime import UTC, datetime

import pytest

from messaging_pipeline.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """Noon in London and seven in the morning in New York, on a Monday without a clock change in sight."""
    return ManualClock(datetime(2026, 11, 23, 12, 0, tzinfo=UTC))
