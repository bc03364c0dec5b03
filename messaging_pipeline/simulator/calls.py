"""Calls that nobody takes: the voice webhook that Twilio posts when they end."""

from dataclasses import dataclass
from urllib.parse import urljoin

from messaging_pipeline.simulator.configuration import ConfigurationError
from messaging_pipeline.simulator.message import new_sid
from messaging_pipeline.simulator.resources import API_VERSION
from messaging_pipeline.simulator.stage import Stage


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody calls one of our numbers, or a service's number for them.

    ``outcome`` is Twilio's word for how that ends, such as ``no-answer``.
    """

    from_: str
    to: str
    outcome: str
    sid: str


def new_call(from_: str, to: str, outcome: str) -> Call:
    """Return a call with a SID of its own."""
    return Call(from_, to, outcome, new_sid("CA"))


async def post_end(stage: Stage, call: Call, posts: int = 1) -> list[str]:
    """Post the end of a call beside where inbound texts are posted, ``posts`` times; return what came of each.

    Raises ApiError when nobody here has the number, ConfigurationError when there is no inbound URL.
    """
    if stage.config.inbound_url is None:
        raise ConfigurationError("to: there is no inbound URL, beside which the voice webhook would be")
    called = stage.world.senders.receiver(call.to, call.from_)
    fields = {
        "AccountSid": called.account_sid,
        "ApiVersion": API_VERSION,
        "CallSid": call.sid,
        "CallStatus": call.outcome,
        "Called": called.address,
        "Caller": call.from_,
        "Direction": "inbound",
        "From": call.from_,
        "To": called.address,
    }
    token = stage.world.accounts.token_of(called.account_sid)
    url = urljoin(stage.config.inbound_url, "voice")
    return [attempt.outcome for _ in range(posts) for attempt in await stage.world.post.post(url, fields, token)]
