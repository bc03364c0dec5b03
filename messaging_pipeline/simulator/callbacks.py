"""Status callbacks: what is posted, when, and what goes wrong with it on purpose."""

from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from typing import Any

from messaging_pipeline.simulator.chance import Chance
from messaging_pipeline.simulator.configuration import Faults
from messaging_pipeline.simulator.magic_numbers import Callbacks
from messaging_pipeline.simulator.message import CallbackAttempt, Message
from messaging_pipeline.simulator.simulated_time import SimulatedTime, unix_now
from messaging_pipeline.simulator.webhook_post import WebhookPost

_WITH_RECEIPT = frozenset({"delivered", "undelivered"})
_WITH_ERROR = frozenset({"failed", "undelivered"})


def status_fields(message: Message) -> dict[str, str]:
    """Return the form of a status callback as the message stands now.

    https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
    """
    fields = {
        "AccountSid": message.account_sid,
        "ApiVersion": "2010-04-01",
        "MessageSid": message.sid,
        "MessageStatus": message.status,
        "SmsSid": message.sid,
        "SmsStatus": message.status,
        "To": message.to,
    }
    if message.sender:
        fields["From"] = message.sender
    if message.service_sid:
        fields["MessagingServiceSid"] = message.service_sid
    if message.status in _WITH_ERROR and message.error_code:
        fields["ErrorCode"] = str(message.error_code)
    if message.status in _WITH_RECEIPT:
        fields["RawDlrDoneDate"] = datetime.fromtimestamp(message.updated_at, UTC).strftime("%y%m%d%H%M")
    if message.status == "read":
        fields |= {"ChannelPrefix": "rcs", "EventType": "READ"}
    return fields


class StatusCallbacks:
    """Posts the status callbacks of messages; nothing waits for them, and nothing promises their order."""

    def __init__(
        self,
        post: WebhookPost,
        time: SimulatedTime,
        chance: Chance,
        faults: Callable[[], Faults],
        token_of: Callable[[str], str],
        spawn: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._post = post
        self._time = time
        self._chance = chance
        self._faults = faults
        self._token_of = token_of
        self._spawn = spawn
        self._kept_back: dict[str, list[dict[str, str]]] = {}

    def announce(self, message: Message, *, is_last: bool) -> None:
        """Post the message's present status to its callback URL, unless a fault has it otherwise."""
        if not message.status_callback:
            return
        fields = status_fields(message)
        if self._is_fault(message, Callbacks.LOST, self._faults().callback_lost):
            message.callback_attempts.append(CallbackAttempt(message.status, unix_now(), 1, "withheld"))
            self._start(message, [])
        elif not is_last and self._is_fault(message, Callbacks.REVERSED, self._faults().callback_reorder):
            self._kept_back.setdefault(message.sid, []).append(fields)
        elif self._is_fault(message, Callbacks.LATE, self._faults().callback_late):
            delay = self._faults().callback_late_seconds
            self._time.call_after(delay, self._start, message, [fields])
        else:
            self._start(message, [fields])

    def _is_fault(self, message: Message, magic: Callbacks, rate: float) -> bool:
        if message.fate.callbacks is magic:
            return True
        return self._chance.happens(rate, magic, message.key, message.status)

    def _start(self, message: Message, forms: list[dict[str, str]]) -> None:
        """Post these, and after them what was kept back for the sake of disorder, last one first."""
        if forms and self._is_fault(message, Callbacks.DUPLICATED, self._faults().callback_duplicate):
            forms = forms * 2
        forms = forms + self._kept_back.pop(message.sid, [])[::-1]
        if forms:
            self._spawn(self._post_all(message, forms))

    async def _post_all(self, message: Message, forms: list[dict[str, str]]) -> None:
        for fields in forms:
            await self._post_one(message, fields)

    async def _post_one(self, message: Message, fields: dict[str, str]) -> None:
        url = message.status_callback or ""
        attempts = await self._post.post(url, fields, self._token_of(message.account_sid))
        message.callback_attempts += [
            CallbackAttempt(fields["MessageStatus"], attempt.at, number, attempt.outcome)
            for number, attempt in enumerate(attempts, start=1)
        ]
