"""Reading HTTP answers from the bytes that have arrived so far."""

import pytest

from messaging_pipeline.simulator.webhook_answer import WebhookAnswer, parse_answer

COMPLETE = {
    b"HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n": WebhookAnswer(204, "", b"", keep_alive=True),
    b"HTTP/1.1 200 OK\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: 4\r\n\r\n<a/>": WebhookAnswer(
        200, "text/xml", b"<a/>", keep_alive=True
    ),
    b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok": WebhookAnswer(
        200, "", b"ok", keep_alive=False
    ),
    b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok": WebhookAnswer(200, "", b"ok", keep_alive=False),
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n": WebhookAnswer(
        200, "", b"abc", keep_alive=True
    ),
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\n\r\n": WebhookAnswer(204, "", b"", keep_alive=True),
}


@pytest.mark.parametrize(("received", "answer"), COMPLETE.items())
def test_a_complete_answer_is_read(received: bytes, answer: WebhookAnswer) -> None:
    assert parse_answer(received, ended=False) == answer


@pytest.mark.parametrize("received", COMPLETE)
def test_an_answer_is_not_taken_for_complete_before_its_last_byte(received: bytes) -> None:
    assert [parse_answer(received[:end], ended=False) for end in range(len(received))] == [None] * len(received)


def test_an_answer_without_a_length_ends_when_the_server_hangs_up() -> None:
    received = b"HTTP/1.1 200 OK\r\n\r\nall there is"

    assert parse_answer(received, ended=False) is None
    assert parse_answer(received, ended=True) == WebhookAnswer(200, "", b"all there is", keep_alive=False)


@pytest.mark.parametrize("garbage", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
def test_what_is_no_http_answer_is_an_error(garbage: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - int() words its own
        parse_answer(garbage, ended=False)
