"""Asks your own code whose number it is; a number that nobody knows is a customer of its own."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from messaging_pipeline.entry_points import load_function
from messaging_pipeline.errors import PipelineError
from messaging_pipeline.tickets.contract import Customer

CustomerOf = Callable[[str, str], Customer]
"""Gets a tenant and a number, and returns the customer; raises CustomersFailed."""

#: What every ticket system takes as a label, and what cannot break out of a query.
_PLAIN_ID = re.compile(r"[A-Za-z0-9._@-]{1,80}")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9]+")
_EMAIL = re.compile(r"[^\s@<>,]{1,64}@[^\s@<>,]{1,190}")
_LONGEST_NAME = 80


class CustomersFailed(PipelineError):
    """Raised when the function that ``customers`` names has failed, or returned what we cannot use."""


def customers_from(entry_point: str | None, setting: str) -> CustomerOf:
    """Load ``module:function``; raises InvalidSettings, naming the setting, when it is not there."""
    if entry_point is None:
        return stranger
    return _asking(load_function(entry_point, setting, arguments=2))


def stranger(tenant: str, number: str) -> Customer:
    """Return a customer of whom only the number is known."""
    return Customer(f"sms.{tenant}.n.{_NOT_PLAIN.sub('', number)}")


def _asking(function: Callable[[str, str], Any]) -> CustomerOf:
    def customer_of(tenant: str, number: str) -> Customer:
        try:
            known = function(tenant, number)
        except Exception as error:  # noqa: BLE001 - your code may raise anything, and its text may hold the number
            raise CustomersFailed(f"the look-up of the customer failed ({type(error).__name__})") from None
        return stranger(tenant, number) if known is None else _customer(tenant, known)

    return customer_of


def _customer(tenant: str, known: Any) -> Customer:
    if not isinstance(known, Mapping) or not _PLAIN_ID.fullmatch(str(known.get("id", ""))):
        raise CustomersFailed(
            "the look-up of the customer returned no `id` of at most 80 letters, digits and `. _ @ -`"
        )
    email = str(known.get("email") or "")
    name = " ".join(str(known.get("name") or "").split())[:_LONGEST_NAME]
    return Customer(f"sms.{tenant}.c.{known['id']}", name, email if _EMAIL.fullmatch(email) else "")
