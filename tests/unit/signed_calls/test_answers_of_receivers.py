"""What is read of a receiver's answer: as much as was asked for, whole or not at all."""

import ssl
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.connections.reaching import AnswerLost
from messaging_pipeline.policies.receivers import Receiver
from messaging_pipeline.signed_calls.calling import Answer, NoReceiver, SignedCalls
from tests.support.stand_in import Script, answering, closing, dripping, stand_in
from tests.support.tls import self_signed


def call(
    url: str, clock: ManualClock, most_bytes: int, *, tenant: str = "default", tls: ssl.SSLContext | None = None
) -> Answer:
    receiver = Receiver(url, "env:DESK_SECRET", "default", True, 0.3)
    calls = SignedCalls({"desk": receiver}, {"desk": "secret"}, clock, tls)
    try:
        return calls.call("desk", tenant, "token", {"word": "STATUS"}, most_bytes)
    finally:
        calls.close()


@pytest.mark.parametrize(
    ("script", "most_bytes", "body"),
    [
        (answering(200, "0123456789"), 10, b"0123456789"),
        (answering(500, "no"), 10, b"no"),
        (answering(204), 10, b""),
        (answering(200, "0123456789"), 9, None),
        (answering(200, "0123456789"), 0, None),
        (answering(200, "0123", missing_bytes=5), 10, None),
    ],
)
def test_an_answer_is_read_whole_or_not_at_all(
    script: Script, most_bytes: int, body: bytes | None, clock: ManualClock
) -> None:
    with stand_in(script) as server:
        answer = call(server.url, clock, most_bytes)
    assert answer.body == body
    assert answer.status // 100 in {2, 5}


def test_an_answer_that_does_not_come_is_lost(clock: ManualClock) -> None:
    with stand_in(closing) as server, pytest.raises(AnswerLost):
        call(server.url, clock, 10)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_receiver_that_speaks_a_byte_at_a_time_is_hung_up_on_and_its_answer_is_lost(
    clock: ManualClock, tmp_path: Path, scheme: str
) -> None:
    drops: list[bytes] = []

    of_server, of_client = self_signed(tmp_path) if scheme == "https" else (None, None)
    with stand_in(dripping(drops, 60), of_server) as server, pytest.raises(AnswerLost):
        call(server.url, clock, 10, tls=of_client)
    assert len(drops) < 60


def test_a_tenant_calls_none_of_anothers_receivers(clock: ManualClock) -> None:
    with stand_in(answering(200)) as server:
        with pytest.raises(NoReceiver):
            call(server.url, clock, 10, tenant="acme")
        assert server.requests == []


def test_neither_a_body_nor_a_secret_is_in_a_representation(clock: ManualClock) -> None:
    assert "4711" not in repr(Answer(200, b"4711"))
    assert "hidden" not in repr(SignedCalls({}, {"desk": "hidden"}, clock))
