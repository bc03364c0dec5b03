"""What the fragment of a webhook URL asks for."""

import pytest

from messaging_pipeline.simulator.connection_overrides import DEFAULT, ConnectionOverrides, split


def test_without_a_fragment_only_a_failed_connect_is_retried_once() -> None:
    url, overrides = split("https://example.com/status?job=1")

    assert url == "https://example.com/status?job=1"
    assert overrides == DEFAULT == ConnectionOverrides(5_000, 15_000, 15_000, 1, frozenset({"ct"}))


def test_every_setting_is_taken_from_the_fragment() -> None:
    url, overrides = split("https://example.com/?#rc=3&rp=ct,rt,5xx&ct=2000&rt=5000&tt=9000&e=dublin")

    assert url == "https://example.com/?"
    assert overrides == ConnectionOverrides(2_000, 5_000, 9_000, 3, frozenset({"ct", "rt", "5xx"}))


@pytest.mark.parametrize("fragment", ["rc=6", "rc=-1", "ct=99", "ct=10001", "rt=15001", "tt=x", "rp=6xx", "rp="])
def test_a_value_out_of_range_leaves_the_default(fragment: str) -> None:
    assert split(f"https://example.com/#{fragment}")[1] == DEFAULT


def test_a_policy_names_the_failures_it_retries() -> None:
    assert split("https://example.com/#rp=4xx,rt")[1].retries_after("rt")
    assert not split("https://example.com/#rp=4xx,rt")[1].retries_after("ct")
    assert split("https://example.com/#rp=all")[1].retries_after("5xx")
