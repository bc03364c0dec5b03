"""Texts of a given shape: who writes another one reads what it should be, and never a regular expression."""

import re
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True, slots=True)
class Shape:
    """A check for a type: the whole text has the pattern, or the sentence says what it is not, and the cure.

    The sentence is a reason and a remedy with a semicolon between, such as ``is no e-mail address; write one``. The
    pattern has no ``^`` and ``$``.
    """

    pattern: str
    sentence: str

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Check after everything else that is known of the type."""
        return core_schema.no_info_after_validator_function(self._checked, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Programs that read the schema learn the pattern."""
        return {**handler(schema), "pattern": f"^{self.pattern}$"}

    def _checked(self, text: str) -> str:
        if re.fullmatch(self.pattern, text) is None:
            raise ValueError(self.sentence)
        return text


#: How whatever has a name in ``messaging.toml`` may be called.
NAME = Shape(
    "[a-z0-9][a-z0-9-]{0,62}",
    "is no name; use up to 63 small letters, digits and hyphens, such as order-news",
)

CURRENCY = Shape("[A-Z]{3}", "is no currency; write the three capital letters of ISO 4217, such as USD")


def sid(prefix: str, kind: str) -> Shape:
    """Return the check for a SID of Twilio's, which begins with two letters that tell what it names."""
    what = f"{kind} ({prefix} and 32 hex digits)"
    return Shape(f"{prefix}[0-9a-fA-F]{{32}}", f"is no {what}; copy it from Twilio's console")
