"""Our reader of answers and the standard library's read the same, however the bytes arrive."""

import http.client
import io
from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from messaging_pipeline.twilio_api.http_answer import NotAnAnswer, read_answer

token = st.text("abcdefghijklmnopqrstuvwxyz-", min_size=1, max_size=12).map(lambda name: f"X-{name}")
field_value = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=30)
bodies = st.binary(max_size=400)
statuses = st.sampled_from([200, 201, 204, 301, 304, 400, 401, 404, 429, 500, 503, 599])


class _Socket:
    """What ``http.client`` wants of a socket: its bytes."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def makefile(self, *_: object) -> io.BytesIO:
        return io.BytesIO(self._content)


def answer_of(status: int, headers: list[tuple[str, str]], body: bytes, chunks: list[int] | None) -> bytes:
    """Write an answer with a length, or in chunks of the given sizes."""
    if status in {204, 304}:
        body, framing, content = b"", [], b""
    elif chunks is None:
        framing, content = [("Content-Length", str(len(body)))], body
    else:
        framing, content = [("Transfer-Encoding", "chunked")], _chunked(body, chunks)
    lines = [f"HTTP/1.1 {status} Some Words", *(f"{name}: {value}" for name, value in [*headers, *framing])]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + content


def _chunked(body: bytes, sizes: list[int]) -> bytes:
    pieces, at = [], 0
    for size in [*sizes, len(body) or 1]:
        if piece := body[at : at + size]:
            pieces.append(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        at += size
    return b"".join(pieces) + b"0\r\n\r\n"


def in_pieces(content: bytes, sizes: list[int]) -> Callable[[int], bytes]:
    """A ``recv`` that hands out the bytes in pieces of the given sizes, and then all that is left."""
    stream, left = io.BytesIO(content), list(sizes)
    return lambda most: stream.read(min(most, left.pop(0)) if left else most)


@given(
    status=statuses,
    headers=st.lists(st.tuples(token, field_value), max_size=6, unique_by=lambda header: header[0]),
    body=bodies,
    chunks=st.none() | st.lists(st.integers(1, 60), max_size=8),
    pieces=st.lists(st.integers(1, 50), max_size=40),
)
def test_whole_answers_are_read_alike(
    status: int,
    headers: list[tuple[str, str]],
    body: bytes,
    chunks: list[int] | None,
    pieces: list[int],
) -> None:
    content = answer_of(status, headers, body, chunks)
    theirs = http.client.HTTPResponse(_Socket(content), method="POST")  # type: ignore[arg-type]
    theirs.begin()
    ours = read_answer(in_pieces(content, pieces))
    assert (ours.status, ours.content) == (theirs.status, theirs.read())
    assert ours.headers == {name.lower(): value for name, value in theirs.getheaders()}
    assert ours.may_go_on


@given(body=bodies.filter(bool), chunks=st.none() | st.lists(st.integers(1, 60), max_size=8), data=st.data())
def test_no_part_of_an_answer_is_taken_for_the_whole(
    body: bytes, chunks: list[int] | None, data: st.DataObject
) -> None:
    content = answer_of(201, [], body, chunks)
    cut = data.draw(st.integers(0, len(content) - 1))
    try:
        read_answer(in_pieces(content[:cut], []))
    except NotAnAnswer:
        return
    raise AssertionError(f"{cut} of {len(content)} bytes were taken for an answer")


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_the_reader(content: bytes) -> None:
    try:
        read_answer(in_pieces(content, []))
    except NotAnAnswer:
        return
