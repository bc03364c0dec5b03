"""Somebody calls and nobody answers; they get a text instead."""

from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.stack.demo.stage import DESK_SID, Stage, somebody

TITLE = "A missed call"


def play(stage: Stage) -> None:
    """Call in vain; the webhook hears of it twice, and one text leaves."""
    person = somebody()
    stage.control.miss_call(person, DESK_SID, posts=2)
    stage.say(f'{masked(person)} calls in vain, and is written to: "{stage.next_text(person, 0)}"')
