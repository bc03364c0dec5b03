"""What the doctor says of servers by what they say of themselves."""

from dataclasses import replace
from datetime import timedelta

import pytest

from messaging_pipeline.doctor.clocks import judge_skew
from messaging_pipeline.doctor.database import Health, judge_server
from messaging_pipeline.doctor.timekeeper import Keeping, judge_redis

GOOD_POSTGRES = Health(180_001, "18.1", "on", "on", "on", is_replica=False, encoding="UTF8")
GOOD_REDIS = Keeping("Redis 7.2.4", (7, 2, 4), "noeviction", is_append_only=True, is_primary=True)


def test_a_good_postgres_is_only_named() -> None:
    assert [(one.state, one.told) for one in judge_server(GOOD_POSTGRES)] == [("ok", "Postgres 18.1")]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"version_number": 130_012, "version": "13.12"}, "too old"),
        ({"fsync": "off"}, "fsync is off"),
        ({"full_page_writes": "off"}, "full_page_writes is off"),
        ({"synchronous_commit": "off"}, "synchronous_commit is off"),
        ({"is_replica": True}, "replica"),
        ({"encoding": "SQL_ASCII"}, "SQL_ASCII"),
    ],
)
def test_a_postgres_that_forgets_or_refuses_is_an_error(change: dict[str, object], word: str) -> None:
    [wrong] = [one for one in judge_server(replace(GOOD_POSTGRES, **change)) if one.state == "error"]  # type: ignore[arg-type]
    assert (word in wrong.told, bool(wrong.cure)) == (True, True)


def test_a_commit_that_waits_for_one_disk_is_enough() -> None:
    assert [one.state for one in judge_server(replace(GOOD_POSTGRES, synchronous_commit="local"))] == ["ok"]


@pytest.mark.parametrize(
    ("change", "state", "word"),
    [
        ({"version": (6, 0, 16)}, "error", "too old"),
        ({"eviction": "allkeys-lru"}, "error", "maxmemory-policy is allkeys-lru"),
        ({"is_primary": False}, "error", "replica"),
        ({"is_append_only": False}, "warning", "appendonly is off"),
    ],
)
def test_a_redis_that_forgets_is_named(change: dict[str, object], state: str, word: str) -> None:
    keeping = replace(GOOD_REDIS, **change)  # type: ignore[arg-type]
    [wrong] = [one for one in judge_redis("REDIS_URL", keeping, is_broker=True) if one.state != "ok"]
    assert (wrong.state, word in wrong.told) == (state, True)


def test_tokens_alone_need_no_append_only_file() -> None:
    found = judge_redis("REDIS_URL", replace(GOOD_REDIS, is_append_only=False), is_broker=False)
    assert [one.state for one in found] == ["ok"]


@pytest.mark.parametrize(
    ("seconds", "state"), [(0, "ok"), (2.9, "ok"), (-2.9, "ok"), (3, "warning"), (-29, "warning"), (30, "error")]
)
def test_clocks_may_differ_by_what_an_answer_takes(seconds: float, state: str) -> None:
    assert judge_skew("Redis", timedelta(seconds=seconds)).state == state


def test_a_clock_is_said_to_be_ahead_or_behind() -> None:
    told = [judge_skew("Redis", timedelta(seconds=seconds)).told for seconds in (40, -40)]
    assert told == ["its clock is 40 s ahead of this host's", "its clock is 40 s behind this host's"]
