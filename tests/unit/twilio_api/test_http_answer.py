"""Answers as they come off the wire, whole, in pieces, and broken."""

import gzip
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging_pipeline.twilio_api.http_answer import HttpAnswer, NotAnAnswer, read_answer


def arriving(*pieces: bytes) -> Callable[[int], bytes]:
    """Hand out the pieces one by one; after them the other side has hung up."""
    waiting = list(pieces)
    return lambda _: waiting.pop(0) if waiting else b""


def read(*pieces: bytes) -> HttpAnswer:
    return read_answer(arriving(*pieces))


def answer(*headers: str, body: bytes = b"", first: str = "HTTP/1.1 201 Created") -> bytes:
    return "\r\n".join([first, *headers, "", ""]).encode("latin-1") + body


WHOLE = answer("Content-Type: application/json", "content-length: 4", "Retry-After:  3 ", body=b"abcd")
CHUNKED = answer("Transfer-Encoding: Chunked", body=b"3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nTrailer: x\r\n\r\n")


def test_status_headers_and_body_are_read() -> None:
    found = read(WHOLE)
    assert (found.status, found.content, found.may_go_on) == (201, b"abcd", True)
    assert found.headers == {"content-type": "application/json", "content-length": "4", "retry-after": "3"}


def test_chunks_are_put_together() -> None:
    found = read(CHUNKED)
    assert (found.content, found.may_go_on) == (b"abcd", True)


@given(whole=st.sampled_from([WHOLE, CHUNKED]), data=st.data())
def test_it_does_not_matter_in_what_pieces_an_answer_comes(whole: bytes, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(whole) - 1))))
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert read(*pieces) == read(whole)


@given(whole=st.sampled_from([WHOLE, CHUNKED]), data=st.data())
def test_an_answer_that_ends_early_is_none(whole: bytes, data: st.DataObject) -> None:
    with pytest.raises(NotAnAnswer):
        read(whole[: data.draw(st.integers(0, len(whole) - 1))])


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_an_answer_or_none(noise: bytes) -> None:
    for received in (noise, b"HTTP/1.1 200 OK\r\n" + noise, answer("Transfer-Encoding: chunked", body=noise)):
        try:
            read(received)
        except NotAnAnswer:
            continue


def test_what_is_said_before_the_answer_is_passed_over() -> None:
    assert read(b"HTTP/1.1 100 Continue\r\n\r\n", WHOLE).status == 201


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body_whatever_their_length_says(status: int) -> None:
    found = read(answer("Content-Length: 7", first=f"HTTP/1.1 {status} None"))
    assert (found.content, found.may_go_on) == (b"", True)


def test_without_a_length_the_end_of_the_connection_is_the_end_of_the_body() -> None:
    found = read(answer(body=b"ab"), b"cd")
    assert (found.content, found.may_go_on) == (b"abcd", False)


@pytest.mark.parametrize(
    "last",
    [
        pytest.param(answer("Content-Length: 0", "Connection: close"), id="it says so"),
        pytest.param(answer("Content-Length: 0", first="HTTP/1.0 200 OK"), id="HTTP/1.0"),
        pytest.param(answer("Content-Length: 1", body=b"ab"), id="it says more than it should"),
    ],
)
def test_after_some_answers_the_connection_is_not_used_again(last: bytes) -> None:
    assert not read(last).may_go_on


def test_a_compression_that_nobody_asked_for_is_undone() -> None:
    packed = gzip.compress(b"abcd")
    assert read(answer("Content-Encoding: gzip", f"Content-Length: {len(packed)}", body=packed)).content == b"abcd"


def test_what_becomes_too_large_when_it_is_unpacked_is_no_answer() -> None:
    packed = gzip.compress(bytes(65 * 1024 * 1024), compresslevel=1)
    with pytest.raises(NotAnAnswer, match="too large"):
        read(answer("Content-Encoding: gzip", f"Content-Length: {len(packed)}", body=packed))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(b"SSH-2.0-x\r\n\r\n", id="another protocol"),
        pytest.param(answer(first="HTTP/2 200 OK"), id="another version"),
        pytest.param(answer(first="HTTP/1.1 20 OK"), id="half a status"),
        pytest.param(answer("no colon", "Content-Length: 0"), id="a header without a colon"),
        pytest.param(answer("Content-Length: -1"), id="a negative length"),
        pytest.param(answer("Content-Length: 9999999999"), id="an absurd length"),
        pytest.param(answer("Content-Length: 1", "Content-Length: 2", body=b"ab"), id="two lengths"),
        pytest.param(answer("Transfer-Encoding: gzip, chunked"), id="an unknown transfer encoding"),
        pytest.param(answer("Transfer-Encoding: chunked", body=b"1\r\nabc"), id="a chunk that runs over"),
        pytest.param(answer("Transfer-Encoding: chunked", body=b"-1\r\n\r\n"), id="a chunk of negative length"),
        pytest.param(answer("Content-Encoding: br", "Content-Length: 1", body=b"a"), id="an unknown compression"),
        pytest.param(answer("Content-Encoding: gzip", "Content-Length: 1", body=b"a"), id="no gzip at all"),
    ],
)
def test_what_is_no_answer_is_refused(broken: bytes) -> None:
    with pytest.raises(NotAnAnswer):
        read(broken)


def test_a_head_without_end_is_given_up() -> None:
    with pytest.raises(NotAnAnswer, match="too large"):
        read(b"HTTP/1.1 200 OK\r\nX: ", *[b"x" * 60_000] * 5)
