"""Somebody writes: keywords are answered, one by code that it calls; anything else becomes a ticket."""

from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.stack.demo.stage import DESK_SID, Stage, somebody

TITLE = "A conversation"


def play(stage: Stage) -> None:
    """Ask for the hours, acknowledge an incident, complain twice: the second time continues the ticket of the first."""
    person = somebody()
    for words in ("Hours?", "ack INC-2048", "My order has not come.", "It has come now."):
        known = len(stage.texts_to(person))
        stage.control.receive_text(person, DESK_SID, words)
        stage.say(f'{masked(person)} writes "{words}", and is answered "{stage.next_text(person, known)}"')
    ticket = stage.control.tickets()[-1]
    entries = ", ".join(f'"{text.splitlines()[0]}"' for text in ticket["entries"])
    stage.say(f"in Zendesk, ticket {ticket['number']} holds {entries}")
