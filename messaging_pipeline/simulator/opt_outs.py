"""Who has said STOP to whom (https://www.twilio.com/docs/messaging/tutorials/advanced-opt-out)."""

from messaging_pipeline.simulator.senders import Sender

STOP_WORDS = frozenset({"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"})
START_WORDS = frozenset({"START", "YES", "UNSTOP"})
TOLL_FREE_START_WORDS = frozenset({"START", "UNSTOP"})
HELP_WORDS = frozenset({"HELP", "INFO"})

CONFIRMATIONS = {
    "STOP": "You have successfully been unsubscribed. You will not receive any more messages from this"
    " number. Reply START to resubscribe.",
    "START": "You have successfully been re-subscribed to messages from this number. Reply HELP for help."
    " Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
}
"""What Twilio itself answers to a keyword, by the kind of keyword."""


def keyword_kind(body: str, sender: Sender) -> str | None:
    """Return STOP, START or HELP when the whole message is one of the default keywords of this sender."""
    word = body.strip().upper()
    if word in STOP_WORDS:
        return "STOP"
    if word in (TOLL_FREE_START_WORDS if sender.is_toll_free else START_WORDS):
        return "START"
    return "HELP" if word in HELP_WORDS else None


class OptOuts:
    """The recipients whom Twilio blocks, for each service, or each sender outside of a service."""

    def __init__(self) -> None:
        self._blocked: set[tuple[str, str]] = set()

    def apply(self, kind: str, scope: str, recipient: str) -> None:
        """Block after STOP, unblock after START."""
        if kind == "STOP":
            self._blocked.add((scope, recipient))
        elif kind == "START":
            self._blocked.discard((scope, recipient))

    def is_blocked(self, scope: str, recipient: str) -> bool:
        """Say whether messages from this service or sender to this recipient are refused."""
        return (scope, recipient) in self._blocked

    def as_rows(self) -> list[dict[str, str]]:
        """Return all blocks, for the state page."""
        return [{"scope": scope, "recipient": recipient} for scope, recipient in sorted(self._blocked)]
