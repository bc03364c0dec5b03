"""The group of commands that speak to Twilio itself."""

import click

from messaging_pipeline.cli.at_twilio.account import account
from messaging_pipeline.cli.at_twilio.account_numbers import numbers
from messaging_pipeline.cli.at_twilio.messages import messages
from messaging_pipeline.cli.at_twilio.services import services


@click.group()
def twilio() -> None:
    """Look at, and set up, what is at Twilio itself, with a tenant's credentials.

    They need neither the database nor Redis. Every request has time-outs and is made once.
    """


for group in (account, messages, services, numbers):
    twilio.add_command(group)
