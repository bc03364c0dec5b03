"""A token is rotated as docs/how-to.md says: no callback is refused on the way, and the old one is, after."""

from messaging_pipeline.queues import Queue
from tests.support.factories import AUTH_TOKEN
from tests.support.metric_deltas import Counting
from tests.support.queued import queued
from tests.support.webhook_tier import MESSAGE_ID, CallingTwilio, a_status, an_inbound, webhook_tier

OLD, NEW = AUTH_TOKEN, "the-next-token"
#: What the webhooks are started with, in this order: the tokens, and with which one Twilio signs meanwhile.
BEFORE = {"TWILIO_AUTH_TOKEN": OLD}
ROTATING = {"TWILIO_AUTH_TOKEN": NEW, "TWILIO_AUTH_TOKEN_SECONDARY": OLD}
AFTER = {"TWILIO_AUTH_TOKEN": NEW}


def calls(twilio: CallingTwilio, token: str) -> list[int]:
    """A report about a message of ours, one at the old address, and a text, all signed with a token."""
    signing = twilio.with_token(token)
    return [
        signing.call(f"/twilio/status/{MESSAGE_ID}", a_status()).status_code,
        signing.call("/twilio/status", a_status()).status_code,
        signing.call("/twilio/inbound", an_inbound()).status_code,
    ]


def matched(token: str) -> Counting:
    return Counting("messaging_signatures_total", tenant="default", token=token)


def test_a_token_is_rotated_without_a_callback_refused_and_the_old_one_then_opens_nothing(redis_url: str) -> None:
    taken, refused = [204, 204, 200], [403, 403, 403]
    with webhook_tier(REDIS_URL=redis_url, **BEFORE) as twilio:
        assert calls(twilio, OLD) == taken
        assert calls(twilio, NEW) == refused
    with webhook_tier(REDIS_URL=redis_url, **ROTATING) as twilio:
        primary, secondary = matched("primary"), matched("secondary")
        assert calls(twilio, OLD) == taken
        assert (primary.count, secondary.count) == (0, 3)
        # Promoted at Twilio: from here on it signs with the new one, and the operator sees that.
        assert calls(twilio, NEW) == taken
        assert (primary.count, secondary.count) == (3, 3)
    with webhook_tier(REDIS_URL=redis_url, **AFTER) as twilio:
        wrong = Counting("messaging_signatures_refused_total", reason="wrong_signature")
        assert calls(twilio, NEW) == taken
        assert calls(twilio, OLD) == refused
        assert (wrong.count, secondary.count) == (3, 3)
    # Of four rounds that were taken everything is there, and of the two that were not, nothing.
    assert sum(len(task.arguments["reports"]) for task in queued(redis_url, Queue.STATUS)) == 8
    assert len(queued(redis_url, Queue.INBOUND)) == 4
