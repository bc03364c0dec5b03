"""What kind of sender a ``From`` is, by the way it is written."""

import re
from typing import Literal

Kind = Literal["Messaging Service", "alphanumeric sender", "short code", "toll-free number", "number"]

_TOLL_FREE = re.compile(r"\+1(800|833|844|855|866|877|888)\d{7}")
_SHORT_CODE = re.compile(r"\d{5,6}")


def kind_of(sender: str | None) -> Kind:
    """Return what a sender is; None is a Messaging Service that chooses."""
    if sender is None:
        return "Messaging Service"
    if sender.startswith("+"):
        return "toll-free number" if _TOLL_FREE.fullmatch(sender) else "number"
    return "short code" if _SHORT_CODE.fullmatch(sender) else "alphanumeric sender"
