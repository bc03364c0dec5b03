"""Lengths of time on a command line: what is understood, and what is refused."""

from datetime import timedelta

import click
import pytest

from messaging_pipeline.cli.durations import Duration


@pytest.mark.parametrize(
    ("written", "meant"),
    [("7d", timedelta(days=7)), ("12h", timedelta(hours=12)), ("30m", timedelta(minutes=30))],
)
def test_days_hours_and_minutes_are_understood(written: str, meant: timedelta) -> None:
    assert Duration().convert(written, None, None) == meant


@pytest.mark.parametrize("written", ["", "7", "d", "0d", "-1d", "1w", "7 d", "1.5h", "7d12h", "999999d", "\u0667d"])
def test_anything_else_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(click.BadParameter, match="7d"):
        Duration().convert(written, None, None)
