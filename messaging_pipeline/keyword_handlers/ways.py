"""The three ways to call a handler: a function in this process, a task of other workers, a signed HTTP call."""

from collections.abc import Callable
from dataclasses import dataclass

from messaging_pipeline.connections.public_addresses import PrivateAddress
from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.keyword_handlers.call import KeywordCall, NotHandled
from messaging_pipeline.keyword_handlers.reply import checked_reply, reply_in
from messaging_pipeline.publish import Publisher
from messaging_pipeline.signed_calls.calling import NoReceiver, SignedCalls

#: Room for a reply of 1600 characters, each written as two escapes.
_MOST_BYTES = 65_536

# Whole classes of answers by their first digit (RFC 9110, section 15).
_SUCCESS, _SERVER_ERROR = 2, 5
_PASSING = frozenset({408, 409, 423, 425, 429})


@dataclass(frozen=True, slots=True)
class ByPython:
    """Calls a function of yours in the worker's thread."""

    function: Callable[[KeywordCall], object]

    def handle(self, call: KeywordCall) -> str | None:
        """Call it, and take what it returns for the reply. Nothing of what it raises is kept but the type's name."""
        try:
            reply = self.function(call)
        except Exception as error:  # noqa: BLE001 - your code may raise anything, and its text may hold the number
            raise NotHandled(f"the function has raised {type(error).__name__}", again=True) from None
        return checked_reply(reply)


@dataclass(frozen=True, slots=True)
class ByCelery:
    """Publishes a task of yours; what it has to say it sends itself."""

    publisher: Publisher
    task: str
    queue: str

    def handle(self, call: KeywordCall) -> None:
        """Publish it under the token; a broker that did not confirm it is asked again, so it may come twice."""
        try:
            self.publisher.publish_to_others(self.task, self.queue, call.as_json(), task_id=call.token)
        except NotReachable:
            raise NotHandled("the broker did not confirm the task", again=True) from None


@dataclass(frozen=True, slots=True)
class ByReceiver:
    """Calls a receiver; its answer may hold the reply."""

    calls: SignedCalls
    receiver: str

    def handle(self, call: KeywordCall) -> str | None:
        """Call it with the token as the idempotency key: it may have done its work before, and not been heard."""
        try:
            answer = self.calls.call(self.receiver, call.tenant, call.token, call.as_json(), _MOST_BYTES)
        except NoReceiver as error:
            raise NotHandled(str(error), again=True) from None
        except PrivateAddress:
            reason = "the receiver's host has an address that is not public; see private_addresses"
            raise NotHandled(reason, again=False) from None
        except NeverReached as error:
            raise NotHandled(f"the receiver was not reached: {error}", again=True) from None
        except AnswerLost:
            raise NotHandled("the receiver was called, and its answer did not come", again=True) from None
        if answer.status // 100 == _SUCCESS:
            return reply_in(answer.body)
        again = answer.status // 100 == _SERVER_ERROR or answer.status in _PASSING
        raise NotHandled(f"the receiver did not do it ({answer.status})", again=again)
