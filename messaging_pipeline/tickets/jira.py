"""Jira Cloud's issues (https://developer.atlassian.com/cloud/jira/platform/rest/v3/)."""

import ssl
from typing import Any

from messaging_pipeline.tickets.answers import each, ticket, within
from messaging_pipeline.tickets.contract import Customer, Entry, Ticket, Told
from messaging_pipeline.tickets.rest_wire import Login, RestWire

_API = "/rest/api/3"
_DONE = "done"


class Jira:
    """Issues carry the customer's key as a label, by which Jira finds them."""

    def __init__(
        self,
        login: Login,
        project: str,
        issue_type: str,
        *,
        tls: ssl.SSLContext | None = None,
        read_timeout_seconds: float = 15.0,
    ) -> None:
        """Prepare; nothing is connected yet. The login's password is an API token."""
        self._project = project
        self._issue_type = issue_type
        self._wire = RestWire("Jira", login, tls=tls, read_timeout_seconds=read_timeout_seconds)

    def find_open(self, customer: Customer, known: str | None) -> Ticket | None:
        """Return the customer's open issue; raises NotAnswered."""
        if known is not None:
            found = _open(self._wire.ask(f"{_API}/issue/{known}?fields=status"))
            if found is not None:
                return found
        jql = (
            f'project = "{self._project}" AND labels = "{customer.key}" AND statusCategory != Done '
            "ORDER BY created DESC"
        )
        listed = self._wire.ask(f"{_API}/search/jql", {"jql": jql, "maxResults": 10, "fields": ["status"]})
        return next((one for one in map(_open, each(listed, "issues")) if one is not None), None)

    def create(self, entry: Entry) -> Told:
        """Open an issue."""
        fields = {
            "project": {"key": self._project},
            "issuetype": {"name": self._issue_type},
            "summary": entry.subject,
            "description": _document(entry.text),
            "labels": [entry.customer.key],
        }
        return self._wire.tell("POST", f"{_API}/issue", {"fields": fields}, _ticket_in, absent="not_sent")

    def append(self, ticket: Ticket, entry: Entry) -> Told:
        """Add a comment."""
        comment = {"body": _document(entry.text)}
        return self._wire.tell("POST", f"{_API}/issue/{ticket.id}/comment", comment, lambda _: ticket)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._wire.close()


def _document(text: str) -> dict[str, Any]:
    """Return a text in the Atlassian Document Format, a paragraph for each line; its text nodes may not be empty."""
    paragraphs = [
        {"type": "paragraph", "content": [{"type": "text", "text": line}] if line else []} for line in text.splitlines()
    ]
    return {"type": "doc", "version": 1, "content": paragraphs}


def _ticket_in(content: Any) -> Ticket | None:
    return ticket(within(content, "id"), within(content, "key"))


def _open(issue: Any) -> Ticket | None:
    category = within(issue, "fields", "status", "statusCategory", "key")
    return None if category in {None, _DONE} else _ticket_in(issue)
