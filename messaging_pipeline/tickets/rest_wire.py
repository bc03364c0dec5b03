"""One request over HTTP with JSON, and what its answer, or the lack of one, proves."""

import http.client
import json
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import make_headers

from messaging_pipeline.connections.careful import CAREFUL, pools_of
from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.tickets.contract import NotAnswered, Ticket, Told

_MOST_BYTES = 1_000_000

# Whole classes of answers by their first digit (RFC 9110, section 15).
_SUCCESS, _REDIRECTION, _CLIENT_ERROR = 2, 3, 4

_OK = 200
_GONE = frozenset({404, 410})
_REQUEST_TIMEOUT = 408
_OUR_LOGIN = frozenset({401, 403})
#: Somebody else is changing the ticket (409, 423), or we ask too often (429): documented as not done.
_NOT_NOW = frozenset({409, 423, 429})


@dataclass(frozen=True, slots=True)
class Login:
    """Who we are at a ticket system, and the name of the desk, which says where that is configured."""

    desk: str
    url: str
    user: str
    password: str


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    content: Any


class RestWire:
    """Sends each request once. Made for many threads; make one per process, after forking."""

    def __init__(
        self,
        name: str,
        login: Login,
        connect_timeout_seconds: float = 5.0,
        read_timeout_seconds: float = 15.0,
        *,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Prepare; nothing is connected yet. ``tls`` replaces the public trust store."""
        self._name = name
        self._desk = login.desk
        self._url = login.url
        self._headers = {
            **make_headers(basic_auth=f"{login.user}:{login.password}", user_agent="messaging-pipeline"),
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        self._timeout = urllib3.Timeout(connect=connect_timeout_seconds, read=read_timeout_seconds)
        self._pools = pools_of(CAREFUL, tls)

    def ask(self, target: str, body: object = None) -> Any:
        """Ask something that changes nothing, with GET, or POST when there is a body.

        Return the answer's JSON, or None when nothing is there. Raises NotAnswered.
        """
        try:
            answer = self._exchange("GET" if body is None else "POST", target, body, {})
        except NeverReached as error:
            raise NotAnswered(f"{self._name} was not reached: {error}") from None
        except AnswerLost:
            raise NotAnswered(f"{self._name} did not answer when it was asked") from None
        if answer.status in _GONE:
            return None
        if answer.status != _OK or answer.content is None:
            raise NotAnswered(f"{self._explain(answer.status, 'gave no useful answer when it was asked')}")
        return answer.content

    def tell(
        self,
        method: str,
        target: str,
        body: object,
        ticket_of: Callable[[Any], Ticket | None],
        headers: Mapping[str, str] | None = None,
        *,
        absent: Literal["refused", "not_sent"] = "refused",
    ) -> Told:
        """Send an entry; ``ticket_of`` finds in the answer's JSON (None if there is none) where it stands now.

        ``absent`` is the verdict when nothing is at the target: a ticket that is gone refuses, and for a new one the
        address is wrong.
        """
        try:
            answer = self._exchange(method, target, body, headers or {})
        except NeverReached as error:
            return Told("not_sent", f"{self._name} was not reached: {error}")
        except AnswerLost:
            return Told("unconfirmed", f"{self._name} was sent the entry, and its answer did not come")
        if answer.status // 100 != _SUCCESS:
            return self._judge(answer.status, absent)
        ticket = ticket_of(answer.content)
        if ticket is None:
            return Told("unconfirmed", f"{self._name} said yes ({answer.status}), and not to which ticket")
        return Told("taken", f"{self._name} took the entry", ticket)

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._pools.clear()

    def _judge(self, status: int, absent: Literal["refused", "not_sent"]) -> Told:
        """Judge an answer that is not a yes by its status alone; its text may repeat what was sent.

        After a server error, or a time-out that something between us and the system reports, the entry may have been
        taken, and asking again could double it.
        """
        if status in _GONE:
            return Told(
                absent, self._explain(status, f"has nothing at this address; check url of tickets.{self._desk}")
            )
        if status // 100 == _REDIRECTION or status in _NOT_NOW or status in _OUR_LOGIN:
            return Told("not_sent", self._explain(status, "did not take the entry this time"))
        if status // 100 == _CLIENT_ERROR and status != _REQUEST_TIMEOUT:
            return Told("refused", self._explain(status, "refused the entry"))
        return Told("unconfirmed", self._explain(status, "leaves open whether it took the entry"))

    def _explain(self, status: int, what: str) -> str:
        if status in _OUR_LOGIN:
            what = f"does not let us in; check user, secret and rights of tickets.{self._desk}"
        return f"{self._name} {what} ({status})"

    def _exchange(self, method: str, target: str, body: object, headers: Mapping[str, str]) -> _Answer:
        """Send a request and read its answer; raises NeverReached, or AnswerLost."""
        try:
            answer = self._pools.request(
                method,
                self._url + target,
                body=None if body is None else json.dumps(body),
                headers={**self._headers, **headers},
                timeout=self._timeout,
                retries=False,
                redirect=False,
                preload_content=False,
            )
        except NeverReached:
            raise
        except (HTTPError, http.client.HTTPException, OSError, ValueError):
            raise AnswerLost from None
        try:
            return _Answer(answer.status, _content(answer))
        finally:
            answer.close()


def _content(answer: urllib3.BaseHTTPResponse) -> Any:
    """Return an answer's JSON; None when it is something else, too long, or cut short: the status stands anyway."""
    try:
        return json.loads(answer.read(_MOST_BYTES, decode_content=False))
    except (HTTPError, http.client.HTTPException, OSError, ValueError):
        return None
