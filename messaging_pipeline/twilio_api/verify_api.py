"""Twilio's Verify API, version 2, as the pipeline uses it: start a verification, and check a code.

https://www.twilio.com/docs/verify/api
"""

import re
from dataclasses import dataclass
from typing import Any

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.ids import E164
from messaging_pipeline.twilio_api.answers import outcome_of_error
from messaging_pipeline.twilio_api.asking import UNREADABLE_ANSWER, ask, code_of
from messaging_pipeline.twilio_api.outcome import Accepted, NotSent, Refused, Unconfirmed
from messaging_pipeline.twilio_api.remote_messages import Missing, NotTold, UnreadableAnswer
from messaging_pipeline.twilio_api.wire import PooledHttpClient

_SID = re.compile(r"VE[0-9a-fA-F]{32}")
_ONLY_OUR_BASE_URL = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}

#: A code may be guessed at five times (https://www.twilio.com/docs/api/errors/60202).
_TOO_MANY_CHECKS = 60202


@dataclass(frozen=True, slots=True)
class Checked:
    """What Twilio says of a code: ``approved``, ``pending`` (it is another one), or ``gone``.

    ``gone``: there is nothing to check any more. It was approved or canceled, ten minutes are over, or it was guessed
    at too often.
    """

    state: str
    sid: str | None


class VerifyApi:
    """One Verify service of one account. May be used by many threads at once; make one per process, after forking."""

    def __init__(  # noqa: PLR0913 - who we are there, and where that is
        self,
        account_sid: str,
        secret: str,
        base_url: str,
        service_sid: str,
        *,
        api_key: str | None = None,
        pool_size: int = 8,
        connect_timeout_seconds: float = 3.05,
        read_timeout_seconds: float = 10.0,
    ) -> None:
        """Prepare the client; nothing is connected yet. ``secret`` is the auth token, or that of ``api_key``."""
        self._wire = PooledHttpClient(
            pool_size=pool_size,
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
        )
        client = Client(
            api_key or account_sid, secret, account_sid, http_client=self._wire, environment=_ONLY_OUR_BASE_URL
        )
        client.verify.base_url = base_url
        self._service = client.verify.v2.services(service_sid)

    def start(self, to: E164, channel: str) -> str | Refused | NotSent | Unconfirmed:
        """Ask Twilio once to make a code and send it; return the verification's SID, or what else that proves."""
        try:
            started = self._service.verifications.create(to=to, channel=channel)
        except NeverReached as error:
            return NotSent("unreachable", None, None, None, f"Twilio Verify was not reached: {error}")
        except AnswerLost as error:
            return Unconfirmed(f"the answer of Twilio Verify was lost: {error}", None)
        except TwilioException as error:
            return self._outcome_of(error)
        except UNREADABLE_ANSWER:
            if self._wire.last_answer_head() is None:
                raise  # not an answer of Twilio's: a mistake on our side of the wire
            return Unconfirmed("Twilio answered with success, but not with a verification", None)
        if not isinstance(started.sid, str) or not _SID.fullmatch(started.sid):
            return Unconfirmed("Twilio answered with success, but not with a verification", None)
        return started.sid

    def check(self, code: str, *, sid: str | None, to: E164 | None) -> Checked | NotTold:
        """Ask whether a code is the one that was sent, to a verification by its SID or else by its number."""
        whose = {"verification_sid": sid} if sid else {"to": to}

        def question() -> Any:
            try:
                return self._service.verification_checks.create(code=code, **whose)
            except TwilioException as error:
                if code_of(error) == _TOO_MANY_CHECKS:
                    return None
                raise

        told = ask(self._wire, question, _checked)
        return Checked("gone", sid) if isinstance(told, Missing) else told

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._wire.close()

    def _outcome_of(self, error: TwilioException) -> Refused | NotSent | Unconfirmed:
        head = self._wire.last_answer_head()
        if head is None:
            raise error
        code = code_of(error) or head.http_status
        outcome = outcome_of_error(head.http_status, code, head.retry_after_seconds)
        assert not isinstance(outcome, Accepted)  # noqa: S101 - an error is none
        return outcome


def _checked(record: Any) -> Checked:
    if record is None:
        return Checked("gone", None)
    if not isinstance(record.sid, str) or not _SID.fullmatch(record.sid):
        raise UnreadableAnswer("sid")
    if record.status in {"approved", "pending"}:
        return Checked(record.status, record.sid)
    return Checked("gone", record.sid)
