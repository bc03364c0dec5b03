"""What a handler is told, and what it can say."""

from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

from messaging_pipeline.errors import PipelineError


@dataclass(frozen=True, slots=True)
class KeywordCall:
    """A keyword that somebody sent: to whom, the word in its bare form, and what stood behind it.

    ``number`` is who wrote (E.164), ``sid`` the message's MessageSid. ``token`` is the same whenever the same message
    is handed over: who remembers it does nothing twice.
    """

    tenant: str
    service: str
    number: str = field(repr=False)
    word: str
    argument: str = field(repr=False)
    sid: str
    token: str

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the argument."""
        return tuple(self.argument.split())

    def as_json(self) -> dict[str, Any]:
        """What goes to a Celery task as its arguments, and to a receiver as its body."""
        return asdict(self)


class NotHandled(PipelineError):
    """Raised when a call has not worked. The text says why, in our own words: theirs may hold the number or the text.

    ``again`` tells whether it may work later.
    """

    def __init__(self, explanation: str, *, again: bool) -> None:
        super().__init__(explanation)
        self.again = again


class WrongReply(PipelineError):
    """Raised when a handler has done its work, and what it wants to be answered cannot be."""


class Way(Protocol):
    """A way to call a handler. It may be called more than once for the same message, each time with the same token."""

    def handle(self, call: KeywordCall) -> str | None:
        """Call it; return what the writer is to be told, if anything. Raises NotHandled and WrongReply."""


def token_of(sid: str) -> str:
    """Return what tells the calls for one message from those for others."""
    return f"keyword-{sid}"
