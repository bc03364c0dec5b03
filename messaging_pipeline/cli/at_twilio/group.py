"""The group of commands that speak to Twilio itself."""

import click

from messaging_pipeline.cli.loading import LoadingGroup

_ROOM = "messaging_pipeline.cli.at_twilio"

_COMMANDS = {
    "account": f"{_ROOM}.account:account",
    "messages": f"{_ROOM}.messages:messages",
    "numbers": f"{_ROOM}.account_numbers:numbers",
    "services": f"{_ROOM}.services:services",
}


@click.group(cls=LoadingGroup, places=_COMMANDS)
def twilio() -> None:
    """Look at, and set up, what is at Twilio itself, with a tenant's credentials.

    They need neither the database nor Redis. Every request has time-outs and is made once.
    """
