"""All messages of the simulation, and the pages in which Twilio lists them."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from messaging_pipeline.simulator.message import Message


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Which messages a list shows. ``sent_from`` and ``sent_until`` are Unix seconds, both included.

    A message that has not been sent has no DateSent, so a filter on it leaves that message out.
    """

    account_sid: str
    to: str | None = None
    from_: str | None = None
    sent_from: float | None = None
    sent_until: float | None = None
    created_until: float | None = None

    def admits(self, message: Message) -> bool:
        """Say whether the message is shown."""
        return (
            message.account_sid == self.account_sid
            and not message.is_deleted
            and self.to in {None, message.to}
            and self.from_ in {None, message.sender}
            and (self.created_until is None or message.created_at <= self.created_until)
            and self._admits_date(message.sent_at)
        )

    def _admits_date(self, sent_at: float | None) -> bool:
        if self.sent_from is None and self.sent_until is None:
            return True
        if sent_at is None:
            return False
        return (self.sent_from or 0.0) <= sent_at <= (self.sent_until or float("inf"))


class MessageStore:
    """Messages by sid and by recipient, in the order of their creation; the evidence of deleted ones stays."""

    def __init__(self) -> None:
        self._by_sid: dict[str, Message] = {}
        self._by_recipient: dict[str, list[Message]] = {}
        self._next_position = 0

    def __iter__(self) -> Iterator[Message]:
        return iter(self._by_sid.values())

    def __len__(self) -> int:
        return len(self._by_sid)

    def add(self, message: Message) -> None:
        """Keep a new message."""
        message.position = self._next_position
        self._next_position += 1
        self._by_sid[message.sid] = message
        self._by_recipient.setdefault(message.to, []).append(message)

    def find(self, sid: str) -> Message | None:
        """Return the message with this sid, unless it was deleted."""
        message = self._by_sid.get(sid)
        return None if message is None or message.is_deleted else message

    def to(self, recipient: str) -> list[Message]:
        """Return the messages to one recipient, oldest first, deleted ones too."""
        return self._by_recipient.get(recipient, [])

    def newest_first(self, wanted: MessageFilter, before: int | None) -> Iterator[Message]:
        """Return the messages of a list from the newest on, or from below a position."""
        candidates: Iterable[Message] = (
            reversed(self._by_recipient.get(wanted.to, []))
            if wanted.to is not None
            else reversed(self._by_sid.values())
        )
        return (
            message
            for message in candidates
            if (before is None or message.position < before) and wanted.admits(message)
        )

    def count_by(self, trait: Callable[[Message], str]) -> dict[str, int]:
        """Count the messages by a trait of theirs."""
        return dict(sorted(Counter(trait(message) for message in self).items()))
