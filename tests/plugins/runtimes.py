"""Worker runtimes on a real Postgres and Redis, with a clock that stands still."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import configuration_file, worker_runtime

ACME_ACCOUNT_SID = "AC" + "c" * 32
TWO_TENANTS = f"""
[tenants.acme]
account_sid = "{ACME_ACCOUNT_SID}"
auth_token = "env:ACME_AUTH_TOKEN"

[services.acme-alerts]
tenant = "acme"
from_number = "+15005550006"
"""


@pytest.fixture
def runtime(database_url: str, redis_url: str, clock: ManualClock) -> Iterator[WorkerRuntime]:
    """One tenant with one service; Twilio's address leads nowhere."""
    with worker_runtime(clock, DATABASE_URL=database_url, REDIS_URL=redis_url) as runtime:
        yield runtime


@pytest.fixture
def runtime_of_two_tenants(
    database_url: str, redis_url: str, clock: ManualClock, tmp_path: Path
) -> Iterator[WorkerRuntime]:
    """The tenant of the environment, and one more."""
    path = configuration_file(tmp_path, TWO_TENANTS)
    with worker_runtime(clock, DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path) as runtime:
        yield runtime
