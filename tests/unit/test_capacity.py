"""Capacity: it grows with the load, is never a single process, and the page shows what the command says."""

from dataclasses import asdict
from pathlib import Path

import pytest

from messaging_pipeline.capacity import Load, capacity_for
from tests.support.commands import run_command

PAGE = Path("docs/capacity.md")


def test_the_page_shows_what_is_reckoned() -> None:
    columns = [asdict(capacity_for(Load(per_second))) for per_second in (10, 100, 1000)]
    page = PAGE.read_text("utf-8")
    for name in columns[0]:
        cells = " | ".join(f"{column[name]:,}" for column in columns)
        assert f"| {name.replace('_', ' ')} | {cells} |" in page


def test_a_small_load_still_gets_two_of_each_process() -> None:
    small = capacity_for(Load(0.01))
    assert (small.deliver_workers, small.events_workers, small.webhooks) == (2, 2, 2)


def test_a_slow_twilio_takes_more_threads_and_no_more_cores() -> None:
    fast, slow = capacity_for(Load(100, twilio_seconds=0.1)), capacity_for(Load(100, twilio_seconds=1))
    assert slow.deliver_workers > fast.deliver_workers
    assert slow.python_cores == fast.python_cores


def test_threads_suffice_for_twice_the_answers_that_are_waited_for() -> None:
    assert capacity_for(Load(160, twilio_seconds=1)).deliver_workers == 10


def test_disk_follows_the_hours_of_the_day_and_the_days_kept() -> None:
    always, working = capacity_for(Load(100)), capacity_for(Load(100, hours_a_day=8, kept_days=90))
    assert working.disk_gigabytes_per_day == pytest.approx(always.disk_gigabytes_per_day / 3, abs=0.1)
    assert working.disk_gigabytes_kept == pytest.approx(always.disk_gigabytes_kept, abs=0.1)


def test_histories_that_go_leave_the_rest_of_the_rows_and_a_month_of_their_own() -> None:
    whole, short = capacity_for(Load(100, kept_days=365)), capacity_for(Load(100, kept_days=365, history_days=30))
    months_without = (365 - 30 - 31) / 365
    assert short.disk_gigabytes_kept == pytest.approx(whole.disk_gigabytes_kept * (1 - months_without * 0.55), rel=0.01)
    assert short.disk_gigabytes_per_day == whole.disk_gigabytes_per_day


def test_histories_kept_nearly_as_long_as_rows_save_nothing() -> None:
    assert capacity_for(Load(100, kept_days=60, history_days=30)) == capacity_for(Load(100, kept_days=60))


def test_the_command_needs_no_settings_and_prints_json_or_a_table() -> None:
    printed = run_command({}, "capacity", "--per-second", "100", "--json")
    assert printed.json == asdict(capacity_for(Load(100)))
    assert run_command({}, "capacity", "--per-second", "100").lines[0].split() == ["WHAT", "HOW", "MUCH"]


@pytest.mark.parametrize("wrong", ["0", "-1", "many"])
def test_a_load_that_is_none_is_refused(wrong: str) -> None:
    refused = run_command({}, "capacity", "--per-second", wrong)
    assert refused.code == 2
    assert "--per-second" in refused.err
