"""The entry point: ``messaging-pipeline``."""

import logging
import sys

import click

from messaging_pipeline.cli.loading import LoadingGroup
from messaging_pipeline.cli.output import exit_codes
from messaging_pipeline.log import configure_logging

_ROOM = "messaging_pipeline.cli"

_COMMANDS = {
    "audit": f"{_ROOM}.audit:audit",
    "capacity": f"{_ROOM}.capacity:capacity",
    "codes": f"{_ROOM}.codes:codes",
    "consent": f"{_ROOM}.consent:consent",
    "demo": f"{_ROOM}.local:demo",
    "doctor": f"{_ROOM}.doctor:doctor",
    "explain": f"{_ROOM}.explain:explain",
    "forget": f"{_ROOM}.forget:forget",
    "inbound": f"{_ROOM}.inbound:inbound",
    "keys": f"{_ROOM}.encryption_keys:keys",
    "limits": f"{_ROOM}.limits:limits",
    "messages": f"{_ROOM}.messages:messages",
    "migrate": f"{_ROOM}.operate:migrate",
    "notices": f"{_ROOM}.notices:notices",
    "numbers": f"{_ROOM}.invalid_numbers:numbers",
    "optouts": f"{_ROOM}.optouts:optouts",
    "reconcile": f"{_ROOM}.reconcile:reconcile",
    "redactions": f"{_ROOM}.redactions:redactions",
    "send": f"{_ROOM}.messages:send",
    "send-bulk": f"{_ROOM}.send_bulk:send_bulk",
    "services": f"{_ROOM}.services:services",
    "simulator": f"{_ROOM}.local:simulator",
    "tickets": f"{_ROOM}.tickets:tickets",
    "twilio": f"{_ROOM}.at_twilio.group:twilio",
    "up": f"{_ROOM}.local:up",
}


@click.group(cls=LoadingGroup, places=_COMMANDS, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="messaging-pipeline")
def cli() -> None:
    """Send SMS and MMS through Twilio: at most once, never lost, within the rate, always visible.

    Settings come from the environment; `messaging-pipeline up` prints a set that works on this machine.
    Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings, 3 a server is not reachable.
    """


def main() -> None:
    """Run a command and leave with its exit code."""
    configure_logging("WARNING")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it repeats what the command says itself
    with exit_codes():
        cli.main(standalone_mode=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
