"""Ports that stay ours while their server is away: none that the system gives to outgoing connections."""

import random

from messaging_pipeline.stack.ports import is_free

_LOWEST, _HIGHEST = 15_000, 30_000  # Linux gives out 32768 and above, macOS 49152 and above
_handed_out: set[int] = set()


def steady_ports(count: int) -> list[int]:
    """Return different free loopback ports, none twice in the life of this process."""
    found: list[int] = []
    while len(found) < count:
        port = random.randint(_LOWEST, _HIGHEST)
        if port not in _handed_out and is_free(port):
            _handed_out.add(port)
            found.append(port)
    return found
