"""The two addresses of a letter: whom it is for, and whom it is from."""

import re
from dataclasses import dataclass

from messaging_pipeline.errors import InvalidSettings

#: ASCII without quoting, blanks or brackets: what every mail server takes, and what cannot break out of a command.
_MAILBOX = r"[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[A-Za-z0-9.-]{1,253}"
_MAILBOX_ALONE = re.compile(_MAILBOX)
_MAILBOX_WITH_NAME = re.compile(rf"(?P<name>[^<>\x00-\x1f\x7f]*)<(?P<address>{_MAILBOX})>")

_QUOTED = re.compile(r'"(?P<name>[^"]*)"')


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom fallback e-mail comes from; ``name`` is empty when only an address was given."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """What stands after the @."""
        return self.address.rpartition("@")[2]


def is_plain_mailbox(text: str) -> bool:
    """Tell whether the text is one address in the plain form that every mail server takes (RFC 5321, 4.1.2)."""
    return _MAILBOX_ALONE.fullmatch(text) is not None


def parse_sender(text: str) -> Sender:
    """Read ``name@example.com`` or ``Name <name@example.com>``.

    Raises InvalidSettings, naming ``FALLBACK_EMAIL_FROM``.
    """
    if is_plain_mailbox(text):
        return Sender(text)
    named = _MAILBOX_WITH_NAME.fullmatch(text)
    if named is None:
        raise InvalidSettings(
            "FALLBACK_EMAIL_FROM",
            "is not an e-mail address",
            "write `name@example.com` or `Name <name@example.com>`",
        )
    name = named["name"].strip()
    quoted = _QUOTED.fullmatch(name)
    return Sender(named["address"], quoted["name"] if quoted else name)
