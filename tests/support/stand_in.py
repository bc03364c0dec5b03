"""A server on the loopback that answers by a script, or misbehaves by one: one thread per connection."""

import json
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs

A_SID = "SM" + "0123456789abcdef" * 2


@dataclass(frozen=True)
class Received:
    """One request as it arrived."""

    target: str
    headers: Mapping[str, str]
    body: str

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body, keep_blank_values=True)


_TLS_HANDSHAKE = b"\x16"

#: Gets the request and the connection; says whether the connection may carry another request.
Script = Callable[[Received, socket.socket], bool]


@dataclass
class StandIn:
    """What the running server has seen, and where it is."""

    port: int
    scheme: str = "http"
    connections: int = 0
    requests: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.port}"


def dripping(drops: list[bytes], most: int) -> Script:
    """Begin to answer and then speak a byte at a time, ``most`` of them; ``drops`` holds what got away."""

    def script(request: Received, connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
        with suppress(OSError):
            while len(drops) < most:
                connection.sendall(b"x")
                drops.append(b"x")
                time.sleep(0.05)
        return False

    return script


def answering(
    status: int, body: object = "", headers: Mapping[str, str] | None = None, *, missing_bytes: int = 0
) -> Script:
    """Answer with a text, or with JSON; ``missing_bytes`` are announced and never sent."""

    def script(request: Received, connection: socket.socket) -> bool:
        payload = (body if isinstance(body, str) else json.dumps(body)).encode()
        fields = {"Content-Length": str(len(payload) + missing_bytes), **(headers or {})}
        head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        connection.sendall(f"HTTP/1.1 {status} Whatever\r\n{head}\r\n".encode() + payload)
        return not missing_bytes

    return script


def creating(**changes: object) -> Script:
    """Answer as Twilio does when it has created a message."""
    return answering(201, {"sid": A_SID, "status": "queued", "num_segments": "1", **changes})


def refusing(http_status: int, code: int, message: str = "no", **headers: str) -> Script:
    """Answer as Twilio does when it refuses."""
    return answering(http_status, {"code": code, "message": message, "status": http_status}, headers)


def closing(request: Received, connection: socket.socket) -> bool:
    """Read the request and close without a word."""
    return False


def resetting(request: Received, connection: socket.socket) -> bool:
    """Read the request and reset the connection."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def never_answering(request: Received, connection: socket.socket) -> bool:
    """Read the request and hold the connection until the client leaves."""
    connection.recv(1)
    return False


@contextmanager
def stand_in(script: Script, tls: ssl.SSLContext | None = None) -> Iterator[StandIn]:
    """Run the server; with ``tls`` it speaks HTTPS. On leaving, every connection is cut."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = StandIn(listener.getsockname()[1], "https" if tls else "http")
        threads: list[threading.Thread] = []
        opened: list[socket.socket] = []
        over = threading.Event()

        def serve(raw: socket.socket) -> None:
            with suppress(OSError), raw, tls.wrap_socket(raw, server_side=True) if tls else raw as connection:
                opened.append(connection)
                _converse(connection, server, script)

        def accept() -> None:
            while True:
                connection, _ = listener.accept()
                if over.is_set():
                    connection.close()
                    return
                server.connections += 1
                threads.append(threading.Thread(target=serve, args=(connection,)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        try:
            yield server
        finally:
            over.set()
            socket.create_connection(("127.0.0.1", server.port)).close()  # the last to be accepted
            accepting.join()
            for connection in opened:
                with suppress(OSError):  # it is closed already
                    connection.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join()


def _converse(connection: socket.socket, server: StandIn, script: Script) -> None:
    while (request := _read(connection)) is not None:
        server.requests.append(request)
        if not script(request, connection):
            return


def _read(connection: socket.socket) -> Received | None:
    """Read one request; ``None`` when the client has left, or does not speak HTTP."""
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = connection.recv(65536)
        if not chunk or (received + chunk).startswith(_TLS_HANDSHAKE):
            return None
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = _read_to(int(headers.get("content-length", "0")), body, connection)
    return Received(first.split(" ")[1], headers, body.decode())


def _read_to(length: int, body: bytes, connection: socket.socket) -> bytes:
    while len(body) < length and (chunk := connection.recv(65536)):
        body += chunk
    return body
