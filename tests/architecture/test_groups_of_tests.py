"""Tests of one group run in one process of xdist's: what they share is made once, and nobody breaks it for others."""

import pytest


@pytest.mark.xdist_group("kept-together")
def test_xdist_hears_of_the_groups(request: pytest.FixtureRequest) -> None:
    """It marks a test with its group, and where it cannot, it says nothing and takes no notice of groups."""
    if not request.config.getoption("loadgroup", False):
        pytest.skip("nobody asked for groups: see `--dist loadgroup` in the Makefile")
    assert request.node.nodeid.endswith("@kept-together")
