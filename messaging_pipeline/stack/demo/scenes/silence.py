"""Somebody says STOP, and the next message to them does not leave."""

from messaging_pipeline.configuration import DEFAULT_TENANT
from messaging_pipeline.consent.ledger import is_opted_out
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.stack.demo.stage import DESK, DESK_SID, Stage, somebody

TITLE = "A wish for silence"


def play(stage: Stage) -> None:
    """Stop, wait for the ledger, send."""
    person = E164(somebody())
    stage.control.receive_text(person, DESK_SID, "Stop.")
    stage.until(lambda: _has_opted_out(stage, person), "the STOP did not reach the ledger")
    stage.say(f'{masked(person)} writes "Stop."; the consent ledger notes it')
    message = stage.ended(stage.send(person, "Our new catalogue is here."))
    stage.say(f"the next message is {message['status']}, with {len(message['attempts'])} attempts: {message['reason']}")


def _has_opted_out(stage: Stage, person: E164) -> bool:
    with stage.runtime.pool.connection() as connection:
        return is_opted_out(connection, DEFAULT_TENANT, DESK, person)
