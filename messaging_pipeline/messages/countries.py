"""Countries as messaging.toml names them."""

from typing import Annotated

from pydantic import AfterValidator

from messaging_pipeline.messages.phone_numbers import is_country

ELSEWHERE = "*"
"""In the place of a country: every country that is not named."""


def _country(text: str) -> str:
    if text != ELSEWHERE and not is_country(text):
        raise ValueError("is not a country's code of two capital letters (ISO 3166), such as US, and not *")
    return text


Country = Annotated[str, AfterValidator(_country)]
