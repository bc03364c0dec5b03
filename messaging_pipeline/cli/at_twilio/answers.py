"""What Twilio answered, as the value that was asked for or as one sentence about why there is none."""

from typing import TypeVar

from messaging_pipeline.cli.at_twilio.connecting import AccountAtTwilio
from messaging_pipeline.configuration import DEFAULT_TENANT
from messaging_pipeline.errors import InvalidSettings, NotFound, NotReachable, PipelineError
from messaging_pipeline.twilio_api.administration import WRONG_CREDENTIALS
from messaging_pipeline.twilio_api.error_table import known_errors
from messaging_pipeline.twilio_api.remote_messages import (
    AccountRefused,
    Missing,
    NotPossible,
    NotTold,
    Throttled,
    Unreachable,
)

Answer = TypeVar("Answer")

_EXPLAINED_HERE = {20001: "A parameter is not acceptable.", 20009: "The message has not come to its end yet."}


class RefusedByTwilio(PipelineError):
    """Raised when Twilio says no; nothing was done. The text holds nothing of Twilio's own, which repeats numbers."""


class NoAnswer(NotReachable):
    """Raised when no answer came that could be used."""

    def __init__(self, explanation: str) -> None:
        super().__init__("Twilio", "TWILIO_API_BASE_URL")
        self.explanation = explanation

    def __str__(self) -> str:
        return f"{self.explanation}; check {self.setting}, and try again"


class InDoubt(PipelineError):
    """Raised when the answer to a change was lost that must not be made twice."""


def told(account: AccountAtTwilio, answer: Answer | Missing | NotTold | NotPossible, what: str, key: str) -> Answer:
    """Return what was asked for, ``what`` of the name ``key``; raises PipelineError with the sentence to print."""
    if isinstance(answer, Missing):
        raise NotFound(what, f"{key} in this account")
    if isinstance(answer, Unreachable):
        raise NoAnswer(answer.explanation)
    if isinstance(answer, Throttled):
        raise RefusedByTwilio("Twilio has too many requests of this account (20429); nothing was done, try again")
    if isinstance(answer, AccountRefused | NotPossible):
        raise refused(account, answer.code, answer.http_status)
    return answer


def told_of_change(
    account: AccountAtTwilio, answer: Answer | Missing | NotTold | NotPossible, what: str, key: str, look: str
) -> Answer:
    """Like ``told``, for a change not to be repeated blindly; ``look`` says how to find out whether it was made."""
    if isinstance(answer, Unreachable):
        raise InDoubt(f"{answer.explanation}; it may have been done all the same: {look}")
    return told(account, answer, what, key)


def refused(account: AccountAtTwilio, code: int, http_status: int) -> PipelineError:
    """Return the error that tells of a refusal: with its code, what it means, and where Twilio explains it."""
    if code == WRONG_CREDENTIALS:
        return InvalidSettings(*_wrong_credentials(account.tenant))
    known = known_errors().get(code)
    meaning = _EXPLAINED_HERE.get(code) or (known.explanation if known else "See Twilio's page about it.")
    page = f"https://www.twilio.com/docs/api/errors/{code}"
    return RefusedByTwilio(f"Twilio refused ({code}, HTTP {http_status}): {meaning} {page}")


def _wrong_credentials(tenant: str) -> tuple[str, str, str]:
    where = "TWILIO_ACCOUNT_SID" if tenant == DEFAULT_TENANT else f"MESSAGING_CONFIG tenants.{tenant}"
    return where, "Twilio does not accept its token or API key, or not for this (20003)", "correct it"
