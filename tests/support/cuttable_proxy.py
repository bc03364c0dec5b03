"""A TCP proxy between the pipeline and a server that a test may not stop: it can be cut, closed and stalled."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_LOOPBACK = "127.0.0.1"
_CHUNK_BYTES = 65_536
#: Closing then sends a reset, as a server does that was killed.
_RESET = struct.pack("ii", 1, 0)


class CuttableProxy:
    """Carries bytes both ways until told otherwise."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._flowing = threading.Event()
        self._flowing.set()
        self._listener = socket.create_server((_LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._listen()

    def cut(self) -> int:
        """Reset every connection, as a server that crashes; return how many there were."""
        with self._lock:
            doomed, self._open = self._open, set()
        for one in doomed:
            _reset(one)
        return len(doomed) // 2

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Nobody is there: connections are reset and new ones refused."""
        self.stop()
        try:
            yield
        finally:
            self._listener = socket.create_server((_LOOPBACK, self.port))
            self._listen()

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Somebody is there and says nothing: connections are made, and not a byte moves until the end."""
        self._flowing.clear()
        try:
            yield
        finally:
            self._flowing.set()

    def stop(self) -> None:
        """Close the door and reset every connection."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)  # wakes the thread that accepts
        self._listener.close()
        self._accepting.join()
        self.cut()

    def _listen(self) -> None:
        self._accepting = threading.Thread(target=self._accept, args=(self._listener,), daemon=True)
        self._accepting.start()

    def _accept(self, listener: socket.socket) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                client, _ = listener.accept()
                self._join(client)

    def _join(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(self._upstream, timeout=10)
        except OSError:
            _reset(client)
            return
        server.settimeout(None)
        with self._lock:
            self._open |= {client, server}
        for source, target in ((client, server), (server, client)):
            threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while chunk := source.recv(_CHUNK_BYTES):
                self._flowing.wait()
                target.sendall(chunk)
        with self._lock:
            self._open -= {source, target}
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


def _reset(one: socket.socket) -> None:
    with suppress(OSError):
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    with suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads
    one.close()
