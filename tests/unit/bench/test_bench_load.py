"""The load process against a real server on loopback."""

import asyncio
from urllib.parse import urlsplit

from tests.bench.load import Volley, fire
from tests.support.webhook_receiver import CannedAnswer, WebhookReceiver, webhook_receiver

REQUEST = b"POST /status HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"


def fired(receiver: WebhookReceiver, count: int, rate_per_second: float = 0.0) -> Volley:
    port = urlsplit(receiver.origin).port
    assert port is not None
    return asyncio.run(fire([REQUEST] * count, port, rate_per_second))


def test_every_request_arrives_and_is_timed_once() -> None:
    with webhook_receiver() as receiver:
        volley = fired(receiver, 100)
        assert {webhook.content for webhook in receiver.take(100)} == {b"hi"}
    assert volley.answers == {"204": 100}
    assert len(volley.latencies_ms) == 100


def test_refusals_are_counted_by_their_code() -> None:
    with webhook_receiver() as receiver:
        receiver.answer_next(CannedAnswer(503), CannedAnswer(403))
        assert fired(receiver, 5).answers == {"503": 1, "403": 1, "204": 3}


def test_with_a_rate_the_requests_are_spread_over_their_time() -> None:
    with webhook_receiver() as receiver:
        assert fired(receiver, 11, rate_per_second=100.0).seconds >= 0.1
