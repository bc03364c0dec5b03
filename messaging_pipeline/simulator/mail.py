"""The mail that has arrived, by SMTP or by SendGrid's API."""

from dataclasses import asdict, dataclass
from typing import Any

BOUNCES = "bounce"
BOUNCES_LATER = "late-bounce"
FAILS_FOR_NOW = "tempfail"


@dataclass(frozen=True, slots=True)
class Mail:
    """One e-mail as it arrived; ``received_at`` in Unix seconds."""

    sender: str
    to: str
    subject: str
    text: str
    received_at: float


def local_part(address: str) -> str:
    """Return what stands before the @; some of these names make the delivery fail."""
    return address.partition("@")[0].lower()


class Mailbox:
    """Every mail that was delivered, in the order of arrival, one entry for each recipient."""

    def __init__(self) -> None:
        self._mails: list[Mail] = []

    def __len__(self) -> int:
        return len(self._mails)

    def deliver(self, mail: Mail) -> None:
        """Put a mail into the box."""
        self._mails.append(mail)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the mails, ready for JSON, with ``sender`` called ``from``."""
        rows = [asdict(mail) for mail in self._mails]
        for row in rows:
            row["from"] = row.pop("sender")
        return rows
