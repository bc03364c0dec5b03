"""Ticket desks as ``[tickets.NAME]`` of ``messaging.toml`` declares them."""

from collections.abc import Container, Mapping
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.entry_points import EntryPoint
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.secret_sources.reference import SecretReference
from messaging_pipeline.validation.shapes import NAME, Shape

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})

#: Where a reply says the ticket's number.
TICKET = "{ticket}"


def _guarded_url(text: str) -> str:
    """Refuse an address to which the secret would go unencrypted, or that would not be the beginning of others."""
    try:
        parts = urlsplit(text)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or parts.query or parts.fragment or parts.username or any(one.isspace() for one in text):
        raise ValueError("must be the address of a site, such as https://example.zendesk.com")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in _LOOPBACK):
        raise ValueError("must start with https://, or the secret would go unencrypted")
    return text.rstrip("/")


def _reply(text: str) -> str:
    if TICKET not in text:
        raise ValueError(f"must hold {TICKET}, which becomes the ticket's number")
    return text


Reply = Annotated[str, StringConstraints(max_length=1000), AfterValidator(_reply)]
Tenant = Annotated[str, NAME]

_USER = Shape(r"[^:\s]{1,254}", "is no user; write who logs in, without spaces and colons")
_PROJECT = Shape("[A-Z][A-Z0-9_]{0,99}", "is no key of a Jira project; write its capital letters, such as SUPPORT")
_TABLE = Shape("[a-z][a-z0-9_]{0,79}", "is no table of ServiceNow; write its name in small letters, such as incident")


@dataclass(frozen=True, config=_STRICT)
class TicketPolicy:
    """A ticket system, who we are there, and what people are told.

    ``secret`` names where the API token (Zendesk, Jira) or the password (ServiceNow) is. ``customers`` names a
    function that knows whose number it is. ``project`` and ``issue_type`` are Jira's, ``table`` is ServiceNow's.
    """

    system: Literal["zendesk", "jira", "servicenow"]
    url: Annotated[str, AfterValidator(_guarded_url)]
    user: Annotated[str, _USER]
    secret: SecretReference
    tenant: Tenant = "default"
    customers: EntryPoint | None = None
    project: Annotated[str, _PROJECT] | None = None
    issue_type: Annotated[str, StringConstraints(min_length=1, max_length=100)] = "Task"
    table: Annotated[str, _TABLE] = "incident"
    reply: Reply = f"Thank you. Your ticket is {TICKET}. Reply HELP for help."
    reply_continued: Reply = f"Thank you. We have added this to your ticket {TICKET}. Reply HELP for help."

    @model_validator(mode="after")
    def _jira_has_a_project(self) -> Self:
        if self.system == "jira" and self.project is None:
            raise ValueError("needs a `project`, the key of the Jira project, such as SUP")
        return self


def refuse_desks_of_nobody(desks: Mapping[str, TicketPolicy], tenants: Container[str], file: str | None) -> None:
    """Raise InvalidSettings for a desk whose tenant is not there: no service could ever use it."""
    for key, desk in desks.items():
        if desk.tenant not in tenants:
            raise InvalidSettings(
                f"MESSAGING_CONFIG tickets.{key}.tenant",
                f"there is no tenant {desk.tenant!r} (in {file})",
                f"declare [tenants.{desk.tenant}], or name another tenant",
            )
