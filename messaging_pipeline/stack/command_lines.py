"""The command lines of our processes; the documentation, ``compose.yaml`` and ``up`` all use these."""

import sys
from collections.abc import Sequence

DELIVER_WORKER = (
    *("celery", "-A", "workers.app", "worker", "-P", "threads", "-c", "32", "-Q", "deliver"),
    *("-n", "deliver@%h", "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)
"""Sends. Scale by starting more of them: the rate holds however many there are."""

EVENTS_WORKER = (
    *("celery", "-A", "workers.app", "worker", "-P", "threads", "-c", "16"),
    *("-Q", "accept,status,inbound,fallback,maintenance"),
    *("-n", "events@%h", "--loglevel", "INFO", "--without-gossip", "--without-mingle", "--without-heartbeat"),
)
"""Everything else. Apart from the senders, so that a slow Twilio never delays a callback."""

BEAT = ("celery", "-A", "workers.app", "beat", "--loglevel", "INFO")
"""Starts what is done at intervals. One is enough; two do no harm."""

WEBHOOKS = ("python", "-m", "webhooks")
"""Hears Twilio."""

SIMULATOR = ("python", "-m", "messaging_pipeline.simulator")
"""Stands in for Twilio on a machine without an account."""


def for_this_interpreter(line: Sequence[str]) -> tuple[str, ...]:
    """Return the command line with this Python in place of whatever the search path would find."""
    program, *arguments = line
    module = () if program == "python" else ("-m", program)
    return (sys.executable, *module, *arguments)
