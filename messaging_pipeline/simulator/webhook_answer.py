"""An HTTP/1.1 answer, read from the bytes that have arrived so far (RFC 9112)."""

from dataclasses import dataclass

_HEAD_END = b"\r\n\r\n"
_STATUS = slice(9, 12)  # in "HTTP/1.1 204 No Content"
_INFORMATIONAL = range(100, 200)
_BODILESS = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class WebhookAnswer:
    """A complete answer. ``keep_alive`` says whether its connection may carry another request."""

    status: int
    content_type: str
    content: bytes
    keep_alive: bool


def parse_answer(received: bytes, *, ended: bool) -> WebhookAnswer | None:
    """Return the answer once it is complete, else None; ``ended`` says that nothing more will come.

    Raises ValueError when these bytes are no HTTP answer.
    """
    head, found, rest = received.partition(_HEAD_END)
    if not found:
        return None
    lines = head.split(b"\r\n")
    if not lines[0].startswith(b"HTTP/1."):
        raise ValueError("not HTTP/1")
    status = int(lines[0][_STATUS])
    if status in _INFORMATIONAL:
        return parse_answer(rest, ended=ended)
    headers = _headers(lines[1:])
    content, has_length = _content(status, headers, rest, ended=ended)
    if content is None:
        return None
    closes = headers.get(b"connection", b"").lower() == b"close" or lines[0].startswith(b"HTTP/1.0")
    content_type = headers.get(b"content-type", b"").decode("latin-1").partition(";")[0].strip().lower()
    return WebhookAnswer(status, content_type, content, keep_alive=has_length and not closes)


def _headers(lines: list[bytes]) -> dict[bytes, bytes]:
    pairs = (line.partition(b":") for line in lines)
    return {name.strip().lower(): text.strip() for name, _, text in pairs}


def _content(status: int, headers: dict[bytes, bytes], rest: bytes, *, ended: bool) -> tuple[bytes | None, bool]:
    """Return the content, or None while it is incomplete, and whether its end shows without hanging up."""
    if status in _BODILESS:
        return b"", True
    if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        return _join_chunks(rest), True
    if b"content-length" in headers:
        length = int(headers[b"content-length"])
        return (rest[:length] if len(rest) >= length else None), True
    return (rest if ended else None), False


def _join_chunks(rest: bytes) -> bytes | None:
    chunks: list[bytes] = []
    while True:
        size_line, found, rest = rest.partition(b"\r\n")
        if not found:
            return None
        size = int(size_line.partition(b";")[0], 16)
        if len(rest) < size + 2:
            return None
        if size == 0:
            return b"".join(chunks)
        chunks.append(rest[:size])
        rest = rest[size + 2 :]
