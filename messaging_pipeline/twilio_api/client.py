"""Twilio's REST API as the pipeline uses it: one attempt in, one outcome out."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.ids import E164
from messaging_pipeline.twilio_api.administration import Administration
from messaging_pipeline.twilio_api.answers import not_a_message, outcome_of_creation, outcome_of_error
from messaging_pipeline.twilio_api.asking import (
    UNREADABLE_ANSWER,
    ask,
    ask_to_change,
    code_of,
    moment_down,
    moment_up,
)
from messaging_pipeline.twilio_api.consents import codes_of
from messaging_pipeline.twilio_api.outcome import NotSent, Outcome, Unconfirmed
from messaging_pipeline.twilio_api.registrations import Registrations
from messaging_pipeline.twilio_api.remote_messages import (
    AccountRefused,
    MessagePage,
    Missing,
    NotPossible,
    NotTold,
    RemoteMedia,
    RemoteMessage,
    message_page,
    remote_media,
    remote_message,
)
from messaging_pipeline.twilio_api.wire import PooledHttpClient

DEFAULT_BASE_URL = "https://api.twilio.com"
DEFAULT_ACCOUNTS_BASE_URL = "https://accounts.twilio.com"
DEFAULT_MESSAGING_BASE_URL = "https://messaging.twilio.com"
DEFAULT_VERIFY_BASE_URL = "https://verify.twilio.com"

_NOT_FOUND = 404

LARGEST_PAGE = 1000
"""As many messages as Twilio puts on one page of a list."""

_ONLY_OUR_BASE_URL = {"TWILIO_EDGE": "", "TWILIO_REGION": ""}
"""Handed to the twilio package instead of the environment, whose edge and region would rewrite the URL."""


@dataclass(frozen=True, slots=True)
class CreateMessage:
    """The parameters of one create, already validated; ``None`` leaves a parameter out.

    ``from_`` or ``messaging_service_sid`` must be there, and ``body`` or ``media_urls``. The validity
    period is how long the message may wait at Twilio, 1 to 36,000 seconds.
    """

    to: E164 = field(repr=False)
    body: str | None = field(default=None, repr=False)
    media_urls: tuple[str, ...] = field(default=(), repr=False)
    messaging_service_sid: str | None = None
    from_: str | None = None
    status_callback: str | None = None
    validity_period_seconds: int | None = None
    provide_feedback: bool = False
    application_sid: str | None = None


class TwilioApi:
    """One account at Twilio, or at whatever answers under ``base_url``.

    May be used by many threads at once. Make one per process, after forking.
    """

    def __init__(  # noqa: PLR0913 - all but the first three have their defaults
        self,
        account_sid: str,
        secret: str,
        base_url: str = DEFAULT_BASE_URL,
        *,
        api_key: str | None = None,
        accounts_base_url: str = DEFAULT_ACCOUNTS_BASE_URL,
        messaging_base_url: str = DEFAULT_MESSAGING_BASE_URL,
        pool_size: int = 32,
        connect_timeout_seconds: float = 3.05,
        read_timeout_seconds: float = 10.0,
    ) -> None:
        """Prepare the client; nothing is connected yet.

        ``secret`` is the account's auth token, or the secret of ``api_key`` (SK...) when there is one.
        ``pool_size`` should be at least the number of threads that create messages. The connect
        time-out covers the TLS handshake; the read time-out is the longest silence of the server.
        """
        self._wire = PooledHttpClient(
            pool_size=pool_size,
            connect_timeout_seconds=connect_timeout_seconds,
            read_timeout_seconds=read_timeout_seconds,
        )
        self._client = Client(
            api_key or account_sid, secret, account_sid, http_client=self._wire, environment=_ONLY_OUR_BASE_URL
        )
        self._client.api.base_url = base_url
        self._client.accounts.base_url = accounts_base_url
        self._client.messaging.base_url = messaging_base_url
        self.administration = Administration(self._client, self._wire)
        self.registrations = Registrations(self._client, self._wire)

    def create(self, message: CreateMessage) -> Outcome:
        """Ask Twilio once to create the message, and say what that proves. Raises nothing of the wire's."""
        try:
            created = self._client.messages.create(**_parameters(message))
        except NeverReached as error:
            return NotSent("unreachable", None, None, None, f"Twilio was not reached: {error}")
        except AnswerLost as error:
            return Unconfirmed(f"Twilio's answer was lost: {error}", None)
        except TwilioException as error:
            return self._outcome_of_exception(error)
        except UNREADABLE_ANSWER:
            if self._wire.last_answer_head() is None:
                raise  # not an answer of Twilio's: a mistake on our side of the wire
            return not_a_message(self._http_status())
        return outcome_of_creation(self._http_status(), created.sid, created.status, created.num_segments)

    def fetch(self, sid: str) -> RemoteMessage | Missing | NotTold:
        """Ask for one message."""
        return ask(self._wire, lambda: self._client.messages(sid).fetch(), remote_message)

    def list_messages(
        self,
        *,
        to: str | None = None,
        from_: str | None = None,
        sent_from: datetime | None = None,
        sent_until: datetime | None = None,
        page_size: int = LARGEST_PAGE,
    ) -> MessagePage | NotTold:
        """Ask for the first page of a list, newest first; both moments are included.

        With either of them given, Twilio leaves out what it has not sent yet.
        """
        filters = {
            "to": to,
            "from_": from_,
            "date_sent_after": moment_down(sent_from),
            "date_sent_before": moment_up(sent_until),
        }
        given = {name: value for name, value in filters.items() if value is not None}
        return self._page(lambda: self._client.messages.page(**given, page_size=page_size))

    def next_page(self, url: str) -> MessagePage | NotTold:
        """Ask for the page that another one has named as the next."""
        return self._page(lambda: self._client.messages.get_page(url))

    def list_media(self, sid: str) -> tuple[RemoteMedia, ...] | Missing | NotTold:
        """Ask for the files of one message; Twilio takes ten at most, so they are on one page."""
        base_url = self._client.api.base_url
        return ask(
            self._wire,
            self._client.messages(sid).media.page,
            lambda page: tuple(remote_media(record, base_url) for record in page),
        )

    def cancel(self, sid: str) -> RemoteMessage | Missing | NotPossible | NotTold:
        """Ask Twilio to withdraw a scheduled message; anything else is past that."""
        return ask_to_change(self._wire, lambda: self._client.messages(sid).update(status="canceled"), remote_message)

    def redact(self, sid: str) -> RemoteMessage | Missing | NotPossible | NotTold:
        """Ask Twilio to empty a message's text, which it does once the message has ended; again does no harm."""
        return ask_to_change(self._wire, lambda: self._client.messages(sid).update(body=""), remote_message)

    def delete_media(self, sid: str, media_sid: str) -> bool | Missing | NotPossible | NotTold:
        """Ask Twilio to delete a file of a message."""
        return ask_to_change(self._wire, self._client.messages(sid).media(media_sid).delete, bool)

    def remove(self, sid: str) -> bool | Missing | NotPossible | NotTold:
        """Ask Twilio to delete a finished message for good; one that is not finished stays (20009)."""
        return ask_to_change(self._wire, lambda: self._client.messages(sid).delete(), bool)

    def give_feedback(
        self, sid: str, outcome: Literal["confirmed", "unconfirmed"]
    ) -> str | Missing | NotPossible | NotTold:
        """Report whether a message has had its effect; return the outcome that Twilio has now."""
        report = self._client.messages(sid).feedback.create
        return ask_to_change(self._wire, lambda: report(outcome=outcome), lambda record: str(record.outcome))

    def push_consents(self, items: Sequence[Mapping[str, str]]) -> Mapping[str, int] | Missing | NotPossible | NotTold:
        """Tell Twilio's list of consent up to MOST_CONSENTS statements; return its code for each correlation id."""
        create = self._client.accounts.v1.bulk_consents.create
        return ask_to_change(self._wire, lambda: create(items=[dict(item) for item in items]), codes_of)

    def told_date(self) -> str | None:
        """Return the date in the head of an answer, whatever it answers; None when nobody answers."""
        account = self._client.api.accounts(self._client.account_sid)
        ask(self._wire, account.fetch, lambda _: True)
        head = self._wire.last_answer_head()
        return head.date if head else None

    def close(self) -> None:
        """Close the connections that no thread is using."""
        self._wire.close()

    def _page(self, question: Callable[[], Any]) -> MessagePage | NotTold:
        answer = ask(self._wire, question, message_page)
        return AccountRefused(_NOT_FOUND, _NOT_FOUND) if isinstance(answer, Missing) else answer

    def _http_status(self) -> int | None:
        head = self._wire.last_answer_head()
        return head.http_status if head else None

    def _outcome_of_exception(self, error: TwilioException) -> Outcome:
        head = self._wire.last_answer_head()
        if head is None:
            raise error
        code = code_of(error) or head.http_status
        return outcome_of_error(head.http_status, code, head.retry_after_seconds)


def _parameters(message: CreateMessage) -> dict[str, Any]:
    return {
        "to": message.to,
        "body": message.body,
        "media_url": list(message.media_urls) or None,
        "messaging_service_sid": message.messaging_service_sid,
        "from_": message.from_,
        "status_callback": message.status_callback,
        "validity_period": message.validity_period_seconds,
        "provide_feedback": message.provide_feedback or None,
        "application_sid": message.application_sid,
    }
