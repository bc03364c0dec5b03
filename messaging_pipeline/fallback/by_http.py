"""The channel `http`: a signed call of a receiver that the configuration names."""

from dataclasses import dataclass

from messaging_pipeline.connections.public_addresses import PrivateAddress
from messaging_pipeline.connections.reaching import AnswerLost, NeverReached
from messaging_pipeline.fallback.leaving import Leaving
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.messages.plan import HttpStep
from messaging_pipeline.signed_calls.calling import NoReceiver, SignedCalls

# Whole classes of answers by their first digit (RFC 9110, section 15).
_SUCCESS, _REDIRECTION, _CLIENT_ERROR = 2, 3, 4
_REQUEST_TIMEOUT = 408
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class ByHttp:
    """Calls the receiver that a step names."""

    calls: SignedCalls

    def send(self, leaving: Leaving) -> Posted:
        """Call once; the status of the answer says it all."""
        step = leaving.step
        assert isinstance(step, HttpStep)  # noqa: S101
        content = {**leaving.facts(), "to": leaving.to, "body": leaving.body, "media_urls": list(leaving.media_urls)}
        try:
            answer = self.calls.call(step.to, leaving.tenant, leaving.token, content)
        except NoReceiver as error:
            return Posted("refused", str(error))
        except PrivateAddress:
            return Posted("refused", "the receiver's host has an address that is not public; see private_addresses")
        except NeverReached as error:
            return Posted("not_sent", f"the receiver was not reached: {error}")
        except AnswerLost:
            return Posted("unconfirmed", "the receiver was called, and its answer did not come")
        return _posted(answer.status)


def _posted(status: int) -> Posted:
    """After a server error, or a time-out that something in between reports, the call may have been taken."""
    if status // 100 == _SUCCESS:
        return Posted("sent", f"the receiver took the call ({status})")
    if status == _TOO_MANY_REQUESTS:
        return Posted("not_sent", f"the receiver did not take the call this time ({status})")
    if status // 100 == _REDIRECTION:
        return Posted("refused", f"the receiver answered with a redirect, which is not followed ({status})")
    if status // 100 == _CLIENT_ERROR and status != _REQUEST_TIMEOUT:
        return Posted("refused", f"the receiver refused the call ({status})")
    return Posted("unconfirmed", f"the receiver's answer leaves open whether it took the call ({status})")
