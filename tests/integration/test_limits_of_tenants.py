"""Limits as people see and move them, and one tenant's apart from another's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.meters import standings
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.delivering import drain
from tests.support.factories import configuration_file, environment
from tests.support.two_tenants import ACME, BOTH, accepted, acmes, listed, twilio_of_both

TWO_A_DAY = """
[tenants.default.countries.caps.US]
per_day = 2
[tenants.acme.countries.caps.US]
per_day = 2
"""


@pytest.fixture
def clock() -> ManualClock:
    """So late that what waits for tomorrow here still waits by the clock of a command."""
    return ManualClock(datetime(2120, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with twilio_of_both() as it:
        yield it


@pytest.fixture
def both(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """Two tenants with the same limit, which both have used up, and a message each that waits."""
    runtime = make_runtime(BOTH + TWO_A_DAY)
    for _ in range(3):
        accepted(runtime)
        runtime.base.accepting.accept(acmes())
    drain(runtime)
    drain(runtime, ACME)
    return runtime


@pytest.fixture
def surroundings(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    path = configuration_file(tmp_path, BOTH + TWO_A_DAY)
    return environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)


def limits(surroundings: dict[str, str], *arguments: str) -> Finished:
    ended = run_command(surroundings, "limits", *arguments)
    assert (ended.code, ended.err) == (0, "")
    return ended


def waiting(runtime: WorkerRuntime, tenant: str) -> int:
    return [status for _, status in listed(runtime, tenant)].count("pending")


def meters(runtime: WorkerRuntime, tenant: str) -> dict[str, float]:
    with runtime.base.pool.connection() as connection:
        found = standings(connection, tenant, runtime.base.clock.now())
    return {one["meter"]: float(one["used"]) for one in found}


def test_each_tenant_uses_up_its_own_limit(both: WorkerRuntime) -> None:
    assert [waiting(both, tenant) for tenant in ("default", "acme")] == [1, 1]
    assert meters(both, "default") == meters(both, "acme") == {"country:day:US": 2.0}
    assert meters(both, "nobody") == {}


def test_letting_go_what_waits_lets_go_one_tenants_and_one_without_room_waits_again(
    both: WorkerRuntime, surroundings: dict[str, str]
) -> None:
    assert limits(surroundings, "release", "--service", "default", "--tenant", "acme").out == "released 0 message(s)\n"
    ended = limits(surroundings, "release", "--tenant", "acme", "--json")
    assert ended.json == {"tenant": "acme", "released": {"acme-alerts": 1}}
    drain(both, ACME)
    assert [waiting(both, tenant) for tenant in ("default", "acme")] == [1, 1]


def test_after_a_limit_was_raised_what_is_let_go_leaves(
    both: WorkerRuntime, surroundings: dict[str, str], make_runtime: RuntimeMaker
) -> None:
    raised = make_runtime(BOTH + TWO_A_DAY.replace("per_day = 2", "per_day = 3"))
    drain(raised)
    assert waiting(both, "default") == 1
    limits(surroundings, "release")
    drain(raised)
    assert [waiting(both, tenant) for tenant in ("default", "acme")] == [0, 1]


def test_the_list_shows_what_is_used_and_of_how_much(both: WorkerRuntime, surroundings: dict[str, str]) -> None:
    with both.base.pool.connection() as connection:
        connection.execute("update meters set begins_at = '2000-01-01'")
        connection.execute("insert into meters values ('acme', 'spend:day:gone', '2000-01-01', '2100-01-01', 0.5)")
    of_default, of_acme = (limits(surroundings, "list", "--tenant", one, "--json").json for one in ("default", "acme"))
    assert [(one["meter"], one["used"], one["limit"]) for one in of_default] == [("country:day:US", "2", 2)]
    assert [(one["meter"], one["used"], one["limit"]) for one in of_acme] == [
        ("country:day:US", "2", 2),
        ("spend:day:gone", "0.5", None),
    ]
    assert limits(surroundings, "list").lines == [
        "LIMIT           USED  OF  UNTIL (UTC)",
        "country:day:US  2     2   2120-03-02 00:00",
    ]
