"""Questions about messages that exist: how the package's ways of failing become one answer."""

import json
import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

from twilio.base.exceptions import TwilioException

from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.twilio_api.remote_messages import (
    AccountRefused,
    Missing,
    NotPossible,
    NotTold,
    Throttled,
    Unreachable,
)
from messaging_pipeline.twilio_api.wire import PooledHttpClient

Answer = TypeVar("Answer")

UNREADABLE_ANSWER = (ValueError, TypeError, AttributeError, LookupError, RecursionError)
"""What the twilio package raises when a success does not hold the JSON object that it expects."""

_LOWEST_REFUSAL = 400
_NOT_FOUND = 404
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_LOWEST_SERVER_ERROR = 500
_REFUSING_THE_ACCOUNT = frozenset({401, 403})
_THROTTLED = 20429
_HIGHEST_CODE = 999_999


def ask(
    wire: PooledHttpClient, question: Callable[[], Any], read: Callable[[Any], Answer]
) -> Answer | Missing | NotTold:
    """Ask Twilio something and read the answer. Raises nothing of the wire's."""
    answer = ask_to_change(wire, question, read)
    return AccountRefused(answer.code, answer.http_status) if isinstance(answer, NotPossible) else answer


def ask_to_change(
    wire: PooledHttpClient, question: Callable[[], Any], read: Callable[[Any], Answer]
) -> Answer | Missing | NotPossible | NotTold:
    """Ask Twilio to change a message; a refusal of that message's state is an answer of its own."""
    try:
        return read(question())
    except (NeverReached, AnswerLost) as error:
        return Unreachable(f"Twilio did not answer: {error}")
    except TwilioException as error:
        return _judged(wire, error)
    except UNREADABLE_ANSWER:
        if wire.last_answer_head() is None:
            raise  # not an answer of Twilio's: a mistake on our side of the wire
        return Unreachable("Twilio answered with success, but not with what was asked for")


def code_of(error: TwilioException) -> int | None:
    """Return the error code of the package's exceptions, which take any JSON value for it.

    The one that is raised while paging has none, and carries the answer instead.
    """
    code = getattr(error, "code", None) or _code_in_answer(error)
    return code if isinstance(code, int) and 0 < code <= _HIGHEST_CODE else None


def _code_in_answer(error: TwilioException) -> Any:
    try:
        return json.loads(error.args[1].text)["code"]
    except UNREADABLE_ANSWER:
        return None


def moment_down(at: datetime | None) -> str | None:
    """Write a moment as Twilio's filters read it, in whole seconds, rounded down.

    Given a datetime, the package would write its digits and call them UTC, whatever the zone.
    """
    return None if at is None else at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment_up(at: datetime | None) -> str | None:
    """Write a moment rounded up to a whole second, so that a span ends no earlier than it was meant to."""
    return None if at is None else moment_down(datetime.fromtimestamp(math.ceil(at.timestamp()), UTC))


def _judged(wire: PooledHttpClient, error: TwilioException) -> Missing | NotPossible | NotTold:
    """Judge by the head of the answer: while paging, the package's exception says nothing at all."""
    head = wire.last_answer_head()
    if head is None:
        raise error
    status, code = head.http_status, code_of(error) or head.http_status
    if status == _TOO_MANY_REQUESTS or code == _THROTTLED:
        return Throttled(head.retry_after_seconds)
    if status >= _LOWEST_SERVER_ERROR or status == _REQUEST_TIMEOUT or status < _LOWEST_REFUSAL:
        return Unreachable(f"Twilio, or something before it, answered HTTP {status}")
    if status == _NOT_FOUND:
        return Missing()
    return AccountRefused(code, status) if status in _REFUSING_THE_ACCOUNT else NotPossible(code, status)
