"""The two ways to tell an event: a task of other workers, a signed HTTP call."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from messaging_pipeline.connections.public_addresses import PrivateAddress
from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.notices.notice import NotTold
from messaging_pipeline.policies.events import EventsPolicy
from messaging_pipeline.publish import Publisher
from messaging_pipeline.signed_calls.calling import NoReceiver, SignedCalls

_SUCCESS, _SERVER_ERROR = 2, 5
_GONE = 410
#: What says nothing about the one event, and all about the moment (RFC 9110, section 15.5; RFC 6585).
_BUSY = frozenset({408, 425, 429})


class Way(Protocol):
    """A way to tell. The same event may come more than once, each time under the same id."""

    def tell(self, token: str, content: Mapping[str, Any]) -> None:
        """Tell it; raises NotTold."""


@dataclass(frozen=True, slots=True)
class ByCelery:
    """Publishes a task of yours; the broker has it when this returns."""

    publisher: Publisher
    task: str
    queue: str

    def tell(self, token: str, content: Mapping[str, Any]) -> None:
        """Publish it under the event's id; a broker that did not confirm it is asked again."""
        try:
            self.publisher.publish_to_others(self.task, self.queue, content, task_id=token)
        except NotReachable:
            raise NotTold("the broker did not confirm the task", rests=True) from None


@dataclass(frozen=True, slots=True)
class ByReceiver:
    """Calls a receiver; only an answer of 2xx means that it has the event."""

    calls: SignedCalls
    receiver: str
    tenant: str

    def tell(self, token: str, content: Mapping[str, Any]) -> None:
        """Call it with the event's id as the idempotency key."""
        try:
            status = self.calls.call(self.receiver, self.tenant, token, content).status
        except NoReceiver as error:
            raise NotTold(str(error)) from None
        except PrivateAddress:
            reason = "the receiver's host has an address that is not public; see private_addresses"
            raise NotTold(reason, again=False) from None
        except NeverReached as error:
            raise NotTold(f"the receiver was not reached: {error}", rests=True) from None
        except AnswerLost:
            raise NotTold("the receiver was called, and its answer did not come", rests=True) from None
        if status // 100 != _SUCCESS:
            rests = status // 100 == _SERVER_ERROR or status in _BUSY
            raise NotTold(f"the receiver did not take it ({status})", again=status != _GONE, rests=rests)


def way_of(policy: EventsPolicy, publisher: Publisher, calls: SignedCalls) -> Way:
    """Return how the events of a policy are told."""
    if policy.celery is not None:
        return ByCelery(publisher, policy.celery.task, policy.celery.queue)
    return ByReceiver(calls, policy.receiver or "", policy.tenant)
