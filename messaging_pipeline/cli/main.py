"""The entry point: ``messaging-pipeline``."""

import logging
import sys

import click

from messaging_pipeline.cli.at_twilio.group import twilio
from messaging_pipeline.cli.audit import audit
from messaging_pipeline.cli.capacity import capacity
from messaging_pipeline.cli.codes import codes
from messaging_pipeline.cli.consent import consent
from messaging_pipeline.cli.doctor import doctor
from messaging_pipeline.cli.encryption_keys import keys
from messaging_pipeline.cli.explain import explain
from messaging_pipeline.cli.forget import forget
from messaging_pipeline.cli.inbound import inbound
from messaging_pipeline.cli.invalid_numbers import numbers
from messaging_pipeline.cli.limits import limits
from messaging_pipeline.cli.local import demo, simulator, up
from messaging_pipeline.cli.messages import messages, send, send_bulk
from messaging_pipeline.cli.notices import notices
from messaging_pipeline.cli.operate import migrate
from messaging_pipeline.cli.optouts import optouts
from messaging_pipeline.cli.output import exit_codes
from messaging_pipeline.cli.reconcile import reconcile
from messaging_pipeline.cli.redactions import redactions
from messaging_pipeline.cli.services import services
from messaging_pipeline.cli.tickets import tickets
from messaging_pipeline.log import configure_logging


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="messaging-pipeline")
def cli() -> None:
    """Send SMS and MMS through Twilio: at most once, never lost, within the rate, always visible.

    Settings come from the environment; `messaging-pipeline up` prints a set that works on this machine.
    Exit codes: 0 done, 1 refused or failed, 2 wrong usage or settings, 3 a server is not reachable.
    """


for command in (
    demo,
    up,
    send,
    send_bulk,
    explain,
    messages,
    codes,
    inbound,
    services,
    optouts,
    consent,
    numbers,
    limits,
    tickets,
    reconcile,
    twilio,
    forget,
    redactions,
    notices,
    migrate,
    audit,
    capacity,
    doctor,
    keys,
    simulator,
):
    cli.add_command(command)


def main() -> None:
    """Run a command and leave with its exit code."""
    configure_logging("WARNING")
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # it repeats what the command says itself
    with exit_codes():
        cli.main(standalone_mode=True)
    sys.exit(0)


if __name__ == "__main__":
    main()
