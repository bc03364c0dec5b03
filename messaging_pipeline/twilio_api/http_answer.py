"""Reads one HTTP/1.1 answer from a connection (RFC 9112), and refuses what is no whole answer.

Written out because an answer of Twilio's is half a kilobyte, and with a general HTTP library the exchange took about
three quarters of the CPU of a create.
"""

import gzip
import io
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

_HEAD_END = b"\r\n\r\n"
_LINE_END = b"\r\n"
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2})(?: .*)?")
_LENGTH = re.compile(r"[0-9]{1,12}")
_CHUNK_LENGTH = re.compile(rb"([0-9A-Fa-f]{1,8})(?:[ \t]*;.*)?")
_FIRST_FINAL_STATUS = 200
_BODILESS = frozenset({204, 304})
_RECEIVE_BYTES = 65_536
_LONGEST_HEAD_BYTES = 65_536
#: A page of a thousand messages, the largest answer there is, has about one megabyte.
_LONGEST_BODY_BYTES = 64 * 1024 * 1024


class NotAnAnswer(ValueError):
    """Raised when what came is no answer, or only a part of one."""


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. Names of headers are in lower case; ``may_go_on`` tells whether the connection is still good."""

    status: int
    headers: Mapping[str, str]
    content: bytes
    may_go_on: bool


def read_answer(receive: Callable[[int], bytes]) -> HttpAnswer:
    """Read an answer with ``receive``, the ``recv`` of a socket; raises NotAnAnswer, and what ``receive`` raises."""
    stream = _Stream(receive)
    while True:
        first, *lines = stream.head().split(_LINE_END)
        found = _STATUS_LINE.fullmatch(first)
        if found is None:
            raise NotAnAnswer("it does not begin as an answer does")
        status = int(found[2])
        if status >= _FIRST_FINAL_STATUS:
            break
    headers = _headers(lines)
    content, is_framed = _content(stream, status, headers)
    keeps = found[1] == b"1" and "close" not in headers.get("connection", "").lower()
    return HttpAnswer(status, headers, _decoded(content, headers), keeps and is_framed and stream.is_empty)


class _Stream:
    """The bytes of a connection, piece by piece."""

    def __init__(self, receive: Callable[[int], bytes]) -> None:
        self._receive = receive
        self._received = b""

    @property
    def is_empty(self) -> bool:
        """Whether everything that came was asked for."""
        return not self._received

    def head(self) -> bytes:
        """Return the bytes before the next empty line."""
        return self._until(_HEAD_END)

    def line(self) -> bytes:
        """Return the bytes before the next end of a line."""
        return self._until(_LINE_END)

    def exactly(self, length: int) -> bytes:
        """Return as many bytes."""
        _refuse_over(_LONGEST_BODY_BYTES, length)
        pieces, missing = [self._received], length - len(self._received)
        while missing > 0:
            pieces.append(self._more())
            missing -= len(pieces[-1])
        whole = b"".join(pieces)
        self._received = whole[length:]
        return whole[:length]

    def rest(self) -> bytes:
        """Return everything until the other side hangs up."""
        pieces, length = [self._received], len(self._received)
        while piece := self._receive(_RECEIVE_BYTES):
            pieces.append(piece)
            length += len(piece)
            _refuse_over(_LONGEST_BODY_BYTES, length)
        self._received = b""
        return b"".join(pieces)

    def _until(self, mark: bytes) -> bytes:
        while (end := self._received.find(mark)) < 0:
            _refuse_over(_LONGEST_HEAD_BYTES, len(self._received))
            self._received += self._more()
        found, self._received = self._received[:end], self._received[end + len(mark) :]
        return found

    def _more(self) -> bytes:
        piece = self._receive(_RECEIVE_BYTES)
        if not piece:
            raise NotAnAnswer("the connection ended before the answer did")
        return piece


def _refuse_over(limit: int, length: int) -> None:
    if length > limit:
        raise NotAnAnswer("it is too large")


def _headers(lines: list[bytes]) -> dict[str, str]:
    """Read the fields; of one that comes twice, the last counts, except that lengths must not differ."""
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon:
            raise NotAnAnswer("a header has no colon")
        key, text = name.lower(), value.strip()
        if key == "content-length" and headers.get(key, text) != text:
            raise NotAnAnswer("it has two lengths")
        headers[key] = text
    return headers


def _content(stream: _Stream, status: int, headers: Mapping[str, str]) -> tuple[bytes, bool]:
    """Return the body, and whether its end was marked by anything but the end of the connection."""
    if status in _BODILESS:
        return b"", True
    if encoding := headers.get("transfer-encoding"):
        if encoding.lower() != "chunked":
            raise NotAnAnswer("its transfer encoding is unknown")
        return _chunks(stream), True
    length = headers.get("content-length")
    if length is None:
        return stream.rest(), False
    if not _LENGTH.fullmatch(length):
        raise NotAnAnswer("its length is no number")
    return stream.exactly(int(length)), True


def _chunks(stream: _Stream) -> bytes:
    pieces: list[bytes] = []
    total = 0
    while length := _chunk_length(stream.line()):
        total += length
        _refuse_over(_LONGEST_BODY_BYTES, total)
        pieces.append(stream.exactly(length))
        if stream.line():
            raise NotAnAnswer("a chunk does not end where it said")
    while stream.line():  # trailers, which nobody needs
        pass
    return b"".join(pieces)


def _chunk_length(line: bytes) -> int:
    found = _CHUNK_LENGTH.fullmatch(line)
    if found is None:
        raise NotAnAnswer("a chunk has no length")
    return int(found[1], 16)


def _decoded(content: bytes, headers: Mapping[str, str]) -> bytes:
    """Undo a compression that was not asked for, as something between us and Twilio may apply."""
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        return content
    if encoding not in ("gzip", "x-gzip"):
        raise NotAnAnswer("its content encoding is unknown")
    try:
        unpacked = gzip.GzipFile(fileobj=io.BytesIO(content)).read(_LONGEST_BODY_BYTES + 1)
    except (OSError, EOFError, zlib.error):
        raise NotAnAnswer("it cannot be unpacked") from None
    _refuse_over(_LONGEST_BODY_BYTES, len(unpacked))
    return unpacked
