"""What an e-mail step sends: a letter, and the ways it can come back."""

from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class Letter:
    """An e-mail to one person. ``token`` is the same whenever the same step is tried."""

    to: str
    subject: str
    text: str
    token: str


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a letter.

    ``sent``: the mail server took it. ``refused``: it never will. ``not_sent``: it certainly was not taken, and
    may be tried again. ``unconfirmed``: it may have been taken, so it is not tried again.
    """

    state: Literal["sent", "refused", "not_sent", "unconfirmed"]
    explanation: str


class Postbox(Protocol):
    """A way to send e-mail. It raises nothing for what the network or the mail server does."""

    def post(self, letter: Letter) -> Posted:
        """Send one letter, with a connect and a read timeout."""
