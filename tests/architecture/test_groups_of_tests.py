"""Tests of one group run in one process of xdist's: what they share is made once, and nobody breaks it for others."""

import os

import pytest


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="run by one process, all tests are one group")
@pytest.mark.xdist_group("kept-together")
def test_xdist_hears_of_the_groups(request: pytest.FixtureRequest) -> None:
    """It marks a test with its group, and where it cannot, it says nothing and takes no notice of groups."""
    assert request.node.nodeid.endswith("@kept-together")
