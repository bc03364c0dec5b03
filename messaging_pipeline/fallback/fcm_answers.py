"""What Firebase's answers mean for a notification: https://firebase.google.com/docs/cloud-messaging/error-codes."""

import re
from typing import Any

from messaging_pipeline.fallback.letters import Posted

UNAUTHORIZED = 401

_OK, _FORBIDDEN, _NOT_FOUND, _REQUEST_TIMEOUT, _TOO_MANY_REQUESTS = 200, 403, 404, 408, 429
# Whole classes of answers by their first digit (RFC 9110, section 15).
_REDIRECTION, _CLIENT_ERROR = 3, 4

_NAME = re.compile(r"projects/[^/\s]{1,100}/messages/[A-Za-z0-9:%_-]{1,100}")

#: About the device or what it is told: no other try will fare better.
_FINAL = {
    "UNREGISTERED": "the app is not on the device any more, or its token is an old one",
    "SENDER_ID_MISMATCH": "the device's token belongs to another Firebase project",
    "INVALID_ARGUMENT": "Firebase refused the notification; look at the token, and at how long the text is",
}
#: About us: somebody has to set it right, and meanwhile nothing has left.
_OURS = {
    UNAUTHORIZED: "Firebase does not accept the service account; check its key",
    _FORBIDDEN: "the service account may not send; let it, and turn the Firebase Cloud Messaging API on",
    _NOT_FOUND: "there is no such project at this address; check the service account and FCM_API_BASE_URL",
}
_NO_WAY_TO_APPLE = "Firebase has no valid key for Apple's or the browser's push service; check the project"


def judged(status: int, content: Any) -> Posted:
    """Judge an answer by its status and Firebase's word for the error; its text may repeat the device's token.

    After a server error, or a time-out that something in between reports, the notification may have been taken, and
    asking again could show it twice.
    """
    word = _word(content)
    if status == _OK:
        name = content.get("name") if isinstance(content, dict) else None
        known_as = f" ({name})" if isinstance(name, str) and _NAME.fullmatch(name) else ""
        return Posted("sent", f"Firebase took the notification{known_as}")
    if word in _FINAL and status // 100 == _CLIENT_ERROR:
        return Posted("refused", f"{_FINAL[word]} ({status} {word})")
    if word == "THIRD_PARTY_AUTH_ERROR":
        return Posted("not_sent", f"{_NO_WAY_TO_APPLE} ({status} {word})")
    if status in _OURS:
        return Posted("not_sent", f"{_OURS[status]} ({status})")
    return _by_status(status)


def _by_status(status: int) -> Posted:
    if status == _TOO_MANY_REQUESTS or status // 100 == _REDIRECTION:
        return Posted("not_sent", f"Firebase did not take the notification this time ({status})")
    if status // 100 == _CLIENT_ERROR and status != _REQUEST_TIMEOUT:
        return Posted("refused", f"Firebase refused the notification ({status})")
    return Posted("unconfirmed", f"Firebase's answer leaves open whether it took the notification ({status})")


def _word(content: Any) -> str:
    """Find ``errorCode`` among the details of an error."""
    error = content.get("error") if isinstance(content, dict) else None
    details = error.get("details") if isinstance(error, dict) else None
    for detail in details if isinstance(details, list) else ():
        if isinstance(detail, dict) and isinstance(word := detail.get("errorCode"), str):
            return word
    return ""
