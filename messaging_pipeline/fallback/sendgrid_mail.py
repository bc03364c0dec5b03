"""Hands letters to SendGrid's API (https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send)."""

import http.client
import json
import re
import ssl
from typing import Any, Literal

import urllib3
from urllib3.exceptions import HTTPError, LocationParseError

from messaging_pipeline.connections.careful import CAREFUL, pools_of
from messaging_pipeline.connections.reaching import NeverReached
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.fallback.addresses import parse_sender
from messaging_pipeline.fallback.letters import Letter, Posted
from messaging_pipeline.fallback.plain_text import one_line, valid

_PATH = "/v3/mail/send"

_API_KEY = re.compile(r"[!-~]+")
_MESSAGE_ID = re.compile(r"[A-Za-z0-9._-]{1,128}")

# Whole classes of answers by their first digit (RFC 9110, section 15).
_REDIRECTION, _CLIENT_ERROR = 3, 4

_ACCEPTED = 202
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429
_MISCONFIGURED = {
    401: "SendGrid does not accept the API key; check SENDGRID_API_KEY",
    403: "SendGrid does not let us send; check the rights of SENDGRID_API_KEY and that FALLBACK_EMAIL_FROM is verified",
    404: "there is no mail API at this address; check SENDGRID_API_BASE_URL",
    405: "there is no mail API at this address; check SENDGRID_API_BASE_URL",
}

_EXPLANATIONS = {
    "refused": "SendGrid refused the letter",
    "not_sent": "SendGrid did not take the letter this time",
    "unconfirmed": "SendGrid's answer leaves open whether it took the letter",
}


class SendGridPostbox:
    """SendGrid's ``POST /v3/mail/send``, one request for each letter and never a second.

    Made for many threads; make one per process, after forking.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str,
        sender: str,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 15.0,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Read the settings; nothing is connected yet. ``tls`` replaces the public trust store.

        Raises InvalidSettings, naming ``SENDGRID_API_KEY``, ``SENDGRID_API_BASE_URL`` or ``FALLBACK_EMAIL_FROM``.
        """
        self._url = _checked_base_url(base_url) + _PATH
        self._sender = parse_sender(sender)
        self._headers = {
            "Authorization": f"Bearer {_checked_key(api_key)}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        self._timeout = urllib3.Timeout(connect=connect_timeout_seconds, read=read_timeout_seconds)
        self._pools = pools_of(CAREFUL, tls)

    def post(self, letter: Letter) -> Posted:
        """Send one letter."""
        try:
            answer = self._pools.request(
                "POST",
                self._url,
                body=json.dumps(self._mail(letter)),
                headers=self._headers,
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except NeverReached as error:
            return Posted("not_sent", f"SendGrid was not reached: {error}")
        except (HTTPError, http.client.HTTPException, OSError, ValueError):
            return Posted("unconfirmed", "SendGrid was sent the letter, and its answer did not come")
        try:
            return _posted(answer.status, answer.headers.get("X-Message-Id", ""))
        finally:
            answer.drain_conn()  # the status says it all; reading on only frees the connection

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._pools.clear()

    def _mail(self, letter: Letter) -> dict[str, Any]:
        sender = {"email": self._sender.address}
        if self._sender.name:
            sender["name"] = self._sender.name
        return {
            "personalizations": [{"to": [{"email": letter.to}]}],
            "from": sender,
            "subject": one_line(letter.subject),
            "content": [{"type": "text/plain", "value": valid(letter.text)}],
            "headers": {"Auto-Submitted": "auto-generated"},
            "custom_args": {"step": letter.token},
        }


def _posted(status: int, message_id: str) -> Posted:
    """Judge an answer by its status alone; its text may repeat the address."""
    if status == _ACCEPTED:
        known_as = f" (X-Message-Id {message_id})" if _MESSAGE_ID.fullmatch(message_id) else ""
        return Posted("sent", f"SendGrid took the letter{known_as}")
    if status in _MISCONFIGURED:
        return Posted("not_sent", f"{_MISCONFIGURED[status]} ({status})")
    state = _state(status)
    return Posted(state, f"{_EXPLANATIONS[state]} ({status})")


def _state(status: int) -> Literal["refused", "not_sent", "unconfirmed"]:
    """Judge an answer that is neither yes nor about our settings.

    A redirect and a full rate limit leave the letter with us. After a server error, or a time-out that something
    between us and SendGrid reports, it may have been taken, and asking again could send it twice.
    """
    if status // 100 == _REDIRECTION or status == _TOO_MANY_REQUESTS:
        return "not_sent"
    if status // 100 == _CLIENT_ERROR and status != _REQUEST_TIMEOUT:
        return "refused"
    return "unconfirmed"


def _checked_key(api_key: str) -> str:
    """Refuse here what http.client would refuse later, with the key in its complaint."""
    if not _API_KEY.fullmatch(api_key):
        raise InvalidSettings("SENDGRID_API_KEY", "holds blanks or letters outside ASCII", "copy the key once more")
    return api_key


def _checked_base_url(base_url: str) -> str:
    try:
        url = urllib3.util.parse_url(base_url)
    except LocationParseError:
        url = None
    if url is None or url.scheme not in CAREFUL or not url.host or url.auth or url.query or url.fragment:
        raise InvalidSettings(
            "SENDGRID_API_BASE_URL",
            "is not the address of an API",
            "write a URL like https://api.sendgrid.com, without credentials or a query",
        )
    return url.url.rstrip("/")
