"""A ticket system on the loopback, and a worker whose service has a desk there."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import SERVICE_SID, configuration_file, worker_runtime
from tests.support.ticket_systems import SECRET, TicketServer, serving
from tests.support.ticketed import KINDS, OTHER_SID, Kind

_SERVICES = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"
inbound_tickets = "support"

[services.other]
messaging_service_sid = "{OTHER_SID}"
"""


@pytest.fixture(params=KINDS[:1], ids=lambda kind: kind.name)
def ticket_kind(request: pytest.FixtureRequest) -> Kind:
    """Zendesk, except for the tests that go through all three."""
    found: Kind = request.param
    return found


@pytest.fixture
def ticket_server(ticket_kind: Kind) -> Iterator[TicketServer]:
    """The ticket system."""
    with serving(ticket_kind.server()) as server:
        yield server


@pytest.fixture
def worker(
    ticket_kind: Kind,
    ticket_server: TicketServer,
    database_url: str,
    redis_url: str,
    clock: ManualClock,
    tmp_path: Path,
) -> Iterator[WorkerRuntime]:
    """A worker's runtime; the service `default` has a desk, the service `other` has none."""
    path = configuration_file(tmp_path, ticket_kind.desk(ticket_server.url) + _SERVICES)
    with worker_runtime(
        clock, DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path, DESK=SECRET
    ) as runtime:
        yield runtime
