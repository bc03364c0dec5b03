"""Liveness and readiness, with a broker and without."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from tests.support.metric_deltas import callbacks
from tests.support.webhook_tier import webhook_tier


@pytest.fixture
def ready(redis_url: str) -> Iterator[FlaskClient]:
    with webhook_tier(REDIS_URL=redis_url) as twilio:
        yield twilio.app.test_client()


@pytest.fixture
def cut_off() -> Iterator[FlaskClient]:
    with webhook_tier(REDIS_URL="redis://127.0.0.1:9/0") as twilio:
        yield twilio.app.test_client()


def test_with_a_broker_it_is_alive_and_ready(ready: FlaskClient) -> None:
    assert [ready.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 200]


def test_without_a_broker_it_is_alive_and_not_ready(cut_off: FlaskClient) -> None:
    assert [cut_off.get(path).status_code for path in ("/healthz", "/readyz")] == [200, 503]


def test_it_tells_nothing_about_where_the_broker_is(cut_off: FlaskClient) -> None:
    assert "127.0.0.1" not in cut_off.get("/readyz").text


def test_probes_are_not_counted_as_webhooks(ready: FlaskClient) -> None:
    counted = [callbacks("taken", route=route) for route in ("health", "none")]
    ready.get("/healthz")
    assert [one.count for one in counted] == [0, 0]
