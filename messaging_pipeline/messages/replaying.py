"""Reads a line of a message's stored history as what the state machine folds."""

from messaging_pipeline.messages.state_machine import REPORTABLE, Event, Status

#: Who repeats Twilio's word: a callback, or Twilio when it was asked.
_TWILIO_SPEAKS = frozenset({"callback", "reconcile"})


def as_event(status: str, source: str, sid: str | None, superseded: bool = False) -> Event:
    """Return the event that a stored line is.

    What Twilio reported is evidence. So is an answer, or an operator's word, that brings a SID: Twilio has the
    message then. Everything else is an act of our own.
    """
    word = Status(status)
    evidence = source in _TWILIO_SPEAKS or (sid is not None and word in REPORTABLE)
    return Event(word, evidence, sid, superseded)
