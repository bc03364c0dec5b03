"""TCP ports of the loopback interface."""

import socket
from contextlib import ExitStack

LOOPBACK = "127.0.0.1"


def free_port() -> int:
    """Return a loopback port that nothing listens on at this moment.

    Somebody else may take it before you do: whoever binds it must be ready to ask again.
    """
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Return ``count`` different free ports, as ``free_port`` does."""
    with ExitStack() as held:
        return [_bound_port(held.enter_context(socket.socket())) for _ in range(count)]


def _bound_port(probe: socket.socket) -> int:
    probe.bind((LOOPBACK, 0))
    port: int = probe.getsockname()[1]
    return port


def is_free(port: int) -> bool:
    """Tell whether a server could listen on this loopback port now; a port it may not use counts as taken."""
    with socket.socket() as probe:
        # As servers do: connections of a predecessor that linger in TIME_WAIT are no obstacle.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
