"""Who may import whom: the rooms of the library stand in rows, and imports go up the table only."""

import subprocess
import sys
from collections.abc import Collection, Iterable

import pytest

from tests.support.product_source import (
    FRONT_DOOR,
    PROJECT,
    READS_THE_SOURCE,
    Module,
    modules_of_tests,
    product_modules,
)

pytestmark = READS_THE_SOURCE

ROWS: tuple[frozenset[str], ...] = (
    frozenset({"ids", "errors", "clock", "queues", "backoff", "validation", "trust", "masking"}),
    frozenset({"messages", "secret_sources", "connections", "entry_points"}),
    frozenset({"webhook_urls"}),
    frozenset({"settings", "policies"}),
    frozenset({"configuration", "sealing"}),
    frozenset({"metrics", "log", "traces", "keywords", "missed_calls"}),
    frozenset(
        {
            "db",
            "pacing",
            "waking",
            "twilio_api",
            "publish",
            "redis_client",
            "answering",
            "media",
            "signed_calls",
            "spending",
        }
    ),
    frozenset(
        {
            "history",
            "fallback",
            "consent",
            "meters",
            "number_health",
            "services",
            "decide",
            "audit",
            "gates",
            "tickets",
            "keyword_handlers",
            "pseudonyms",
        }
    ),
    frozenset({"consequences", "inbound_media", "redaction", "notices", "gauges"}),
    frozenset({"mms_links", "number_lines", "waiting"}),
    frozenset({"outcomes"}),
    frozenset({"accept", "follow", "receive", "feedback", "one_time_codes"}),
    frozenset({"deliver", "reconcile", "forgetting", "resealing"}),
    frozenset({"runtime", "doctor", "capacity"}),
    frozenset({"worker_runtime"}),
    frozenset({"pipeline"}),
    frozenset({FRONT_DOOR}),
    frozenset({"stack"}),
    frozenset({"cli"}),
)
"""A room may import from the rows above its own, never from its own row or from one below."""

MAY_START_THE_SIMULATOR = frozenset({"stack", "cli"})

WEBHOOKS_MAY_USE = frozenset().union(*ROWS[:6]) | {"twilio_api", "publish", "redis_client", "answering"}
"""The webhook tier knows no database and calls nobody but the broker, and Redis before it answers a keyword."""

NOT_FOR_WEBHOOKS = frozenset({"psycopg", "psycopg_pool", "redis", "celery", "kombu", "workers"})

WORKERS_MAY_USE = frozenset().union(*ROWS[: ROWS.index(frozenset({"pipeline"}))])

SIMULATOR_MAY_USE = frozenset({"errors"})
COUNTING_SEGMENTS = "messaging_pipeline.messages.segments"
"""Twilio counts segments as we do; beyond that the other side of the wire shares nothing with us."""

LIBRARIES_AND_WHO_USES_THEM = {
    "aiohttp": {"simulator"},
    "aiosmtpd": {"simulator"},
    "boto3": {"media"},
    "botocore": {"media"},
    "celery": {"workers", "publish"},
    "click": {"cli"},
    "fsspec": {"inbound_media"},
    "flask": {"webhooks"},
    "google": {"fallback"},
    "granian": {"webhooks"},
    "kombu": {"publish", "stack", "workers"},
    "certifi": {"trust"},
    "opentelemetry": {"traces"},
    "phonenumbers": {"messages"},
    "prometheus_client": {"metrics"},
    "twilio": {"twilio_api", "simulator"},
    "werkzeug": {"webhooks"},
}
"""A library that one room hides is replaced in one room."""

FOR_TESTS_ONLY = frozenset({"tests", "pytest", "hypothesis", "unittest", "fakeredis"})


def of(*rooms: str) -> list[Module]:
    """The modules of some rooms."""
    return [module for module in product_modules() if module.room in rooms]


def library() -> list[Module]:
    return [module for module in product_modules() if module.name.startswith("messaging_pipeline")]


def reaching_beyond(modules: Iterable[Module], allowed: Collection[str]) -> dict[str, list[str]]:
    """The modules that import from other rooms than these, and the rooms."""
    found = {module.name: sorted(module.rooms() - set(allowed)) for module in modules}
    return {name: rooms for name, rooms in found.items() if rooms}


def using(modules: Iterable[Module], libraries: Collection[str]) -> dict[str, list[str]]:
    """The modules that import one of these libraries, and which."""
    found = {module.name: sorted(module.libraries() & set(libraries)) for module in modules}
    return {name: used for name, used in found.items() if used}


def test_every_room_stands_in_exactly_one_row() -> None:
    in_rows = sorted(room for row in ROWS for room in row)
    assert in_rows == sorted({module.room for module in library()} - {"simulator"})


@pytest.mark.parametrize("number", range(len(ROWS)), ids=lambda number: " ".join(sorted(ROWS[number])))
def test_a_room_imports_only_from_the_rows_above_its_own(number: int) -> None:
    above = frozenset().union(*ROWS[:number])
    simulating = {"simulator"} if ROWS[number] <= MAY_START_THE_SIMULATOR else set()
    assert reaching_beyond(of(*ROWS[number]), above | simulating) == {}


def test_the_library_knows_neither_its_workers_nor_its_webhooks() -> None:
    assert using(library(), {"workers", "webhooks"}) == {}


def test_the_workers_know_the_library_and_nothing_of_the_webhook_tier() -> None:
    assert reaching_beyond(of("workers"), WORKERS_MAY_USE) == {}
    assert using(of("workers"), {"webhooks", "flask"}) == {}


def test_the_webhook_tier_knows_neither_a_database_nor_the_rules() -> None:
    assert reaching_beyond(of("webhooks"), WEBHOOKS_MAY_USE) == {}
    assert using(of("webhooks"), NOT_FOR_WEBHOOKS) == {}


def test_the_simulator_shares_nothing_with_the_product_but_the_counting_of_segments() -> None:
    assert reaching_beyond(of("simulator"), SIMULATOR_MAY_USE | {"messages"}) == {}
    shared = {name for module in of("simulator") for name in module.imports if name.startswith("messaging_pipeline.m")}
    assert {name.rpartition(".")[0] for name in shared} <= {COUNTING_SEGMENTS}


@pytest.mark.parametrize(("name", "users"), LIBRARIES_AND_WHO_USES_THEM.items())
def test_a_library_is_used_where_it_belongs_and_nowhere_else(name: str, users: set[str]) -> None:
    assert {module.room for module in product_modules() if name in module.libraries()} == users


def test_the_product_does_not_know_its_tests() -> None:
    assert using(product_modules(), FOR_TESTS_ONLY) == {}


def test_unit_tests_know_no_database() -> None:
    unit = [module for module in modules_of_tests() if module.name.startswith("tests.unit.")]
    assert unit != []
    assert using(unit, {"psycopg", "psycopg_pool"}) == {}


@pytest.mark.parametrize("loaded", ["webhooks.app", "messaging_pipeline"])
def test_loading_it_loads_no_database_driver(loaded: str) -> None:
    probe = f"import sys, {loaded}; print(sorted({{'psycopg', 'psycopg_pool'}} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", probe], cwd=PROJECT, capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "[]\n"
