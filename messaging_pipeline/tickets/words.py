"""What agents read in a ticket, made of what a person wrote."""

from collections.abc import Sequence
from typing import Any

from messaging_pipeline.tickets.contract import Customer, Entry
from messaging_pipeline.tickets.start import EntryId


def entry_of(form: Sequence[Sequence[Any]], customer: Customer, number: str, of: EntryId) -> Entry:
    """Return the entry for a webhook's fields. The SID lets agents find what was left in doubt.

    The token names the tenant too: tenants may share a ticket system, where the token must be nobody else's.
    """
    fields = {str(name): str(value) for name, value in reversed(form)}  # the first value of each name
    writer = f"{customer.name} ({number})" if customer.name else number
    text = "\n\n".join(part for part in (_said(fields), f"From {writer}, MessageSid {of.sid}") if part)
    return Entry(customer, f"Text message from {writer}", text, token=f"{of.tenant}:{of.sid}")


def _said(fields: dict[str, str]) -> str:
    body, files = _plain(fields.get("Body", "")).strip(), fields.get("NumMedia", "0")
    note = f"({files} file(s) came with it.)" if files.isdecimal() and int(files) else ""
    return "\n".join(part for part in (body, note) if part)


def _plain(text: str) -> str:
    """Drop what JSON or a ticket system's store cannot carry: halves of surrogate pairs, and NUL."""
    return text.encode("utf-8", "replace").decode("utf-8").replace("\x00", "")
