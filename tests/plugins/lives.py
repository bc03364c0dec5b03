"""Who writes lives of messages straight into the tables, as if they had been led."""

from collections.abc import Iterator

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from tests.support.written_lives import Writer


@pytest.fixture
def writer(database_url: str, clock: ManualClock) -> Iterator[Writer]:
    """Writes rows as of this test's clock."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        yield Writer(connection, clock.now())
