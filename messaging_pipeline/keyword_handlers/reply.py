"""Checks what a handler wants its caller to be told, before it becomes a message."""

import json

from messaging_pipeline.keyword_handlers.call import WrongReply
from messaging_pipeline.policies.keywords import checked_answer


def checked_reply(reply: object) -> str | None:
    """Return a text of 1 to 1600 characters, or None when there is nothing to say; raises WrongReply."""
    if reply is None or reply == "":
        return None
    if not isinstance(reply, str):
        raise WrongReply(f"its reply is no text ({type(reply).__name__})")
    try:
        return checked_answer(reply)
    except ValueError as error:
        raise WrongReply(f"its reply {error}") from None


def reply_in(body: bytes | None) -> str | None:
    """Return the `reply` of an answer's JSON; nothing is said with an empty body, or without the field."""
    if body is None:
        raise WrongReply("its answer was too long, or broke off")
    if not body.strip():
        return None
    try:
        content = json.loads(body)
    except ValueError:
        raise WrongReply("its answer is no JSON") from None
    if not isinstance(content, dict):
        raise WrongReply("its answer is no JSON object")
    return checked_reply(content.get("reply"))
