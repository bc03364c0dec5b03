"""Inbound messages: the keywords, the customer's webhook, and the replies."""

from dataclasses import dataclass, field
from typing import Any

from messaging_pipeline.messages.segments import count_segments
from messaging_pipeline.simulator import magic_numbers, opt_outs
from messaging_pipeline.simulator.creation import media_at, send_reply
from messaging_pipeline.simulator.inbound_form import inbound_fields
from messaging_pipeline.simulator.message import Message, new_sid
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.stage import Stage
from messaging_pipeline.simulator.twiml import TwimlError, TwimlReply, read_replies
from messaging_pipeline.simulator.webhook_post import Attempt
from messaging_pipeline.simulator.world import World

_RETRIEVAL_FAILED = "11200"
_TWIML_FAILED = "12100"


@dataclass(frozen=True, slots=True)
class InboundText:
    """A text that somebody sends to one of our numbers, or to a service's number for them."""

    from_: str
    to: str
    body: str = ""
    media_urls: tuple[str, ...] = ()


@dataclass(slots=True)
class Reception:
    """What became of an inbound message: its sid, the keyword heard, the webhook tries, the replies."""

    sid: str
    keyword: str | None
    webhooks: list[dict[str, str]] = field(default_factory=list)
    replies: list[str] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return it ready for JSON."""
        return {"sid": self.sid, "keyword": self.keyword, "webhooks": self.webhooks, "replies": self.replies}


async def receive(stage: Stage, text: InboundText, posts: int = 1) -> Reception:
    """Take in a text, post the webhook ``posts`` times (more than once is a duplicate), and send the replies.

    Raises ApiError when nobody here has the number.
    """
    world = stage.world
    sender = world.senders.receiver(text.to, text.from_)
    message = _inbound_message(world, sender, text)
    reception = Reception(message.sid, _heed_keyword(world, sender, message))
    for _ in range(posts):
        for reply in await _ask_webhook(stage, sender, message, reception):
            to = reply.to or text.from_
            if not world.opt_outs.is_blocked(sender.opt_out_scope, to):
                reception.replies.append(send_reply(world, sender, to, reply).sid)
    return reception


def _inbound_message(world: World, sender: Sender, text: InboundText) -> Message:
    now = unix_now()
    message = Message(
        sid=new_sid("MM" if text.media_urls else "SM"),
        account_sid=sender.account_sid,
        key=f"{text.from_}>{sender.address}",
        direction="inbound",
        to=sender.address,
        sender=text.from_,
        service_sid=sender.service_sid,
        body=text.body,
        segments=count_segments(text.body).segments,
        status="receiving",
        created_at=now,
        fate=magic_numbers.of_recipient(sender.address),
        media=[media_at(url, now) for url in text.media_urls],
    )
    message.move_to("received", now)
    message.sent_at = now
    world.messages.add(message)
    return message


def _heed_keyword(world: World, sender: Sender, message: Message) -> str | None:
    """Block, unblock and confirm as Twilio does by itself; on short codes only with Advanced Opt-Out."""
    service = world.senders.service_of(sender)
    if sender.is_short_code and not (service and service.config.advanced_opt_out):
        return None
    kind = opt_outs.keyword_kind(message.body, sender)
    recipient = message.sender or ""
    if kind is None:
        return None
    world.opt_outs.apply(kind, sender.opt_out_scope, recipient)
    if kind != "HELP" or not world.opt_outs.is_blocked(sender.opt_out_scope, recipient):
        send_reply(world, sender, recipient, TwimlReply(opt_outs.CONFIRMATIONS[kind]))
    return kind


async def _ask_webhook(stage: Stage, sender: Sender, message: Message, reception: Reception) -> list[TwimlReply]:
    """Post to the inbound URL, and to the fallback URL when that does not give TwiML."""
    service = stage.world.senders.service_of(sender)
    advanced = service is not None and service.config.advanced_opt_out
    fields = inbound_fields(message, stage.url, reception.keyword if advanced else None)
    token = stage.world.accounts.token_of(sender.account_sid)
    for url in _webhook_urls(stage, sender):
        attempts = await stage.world.post.post(url, fields, token)
        reception.webhooks += [{"url": url, "outcome": attempt.outcome} for attempt in attempts]
        replies, error_code = _replies_in(attempts)
        if error_code is None:
            return replies
        fields |= {"ErrorCode": error_code, "ErrorUrl": url}
    return []


def _webhook_urls(stage: Stage, sender: Sender) -> list[str]:
    """Return the inbound URL, and the fallback URL if any: the service's, the number's or the simulation's."""
    service = stage.world.senders.service_of(sender)
    of_service = None if service is None or service.config.use_inbound_webhook_on_number else service.config
    for config in (of_service, sender.config):
        if config and config.inbound_url:
            return [config.inbound_url, *([config.fallback_url] if config.fallback_url else [])]
    return [stage.config.inbound_url] if stage.config.inbound_url else []


def _replies_in(attempts: list[Attempt]) -> tuple[list[TwimlReply], str | None]:
    """Return the replies of the last attempt, or the code of the error that the fallback URL is told."""
    if not attempts or not attempts[-1].succeeded:
        return [], _RETRIEVAL_FAILED
    if not attempts[-1].content:
        return [], None
    try:
        return read_replies(attempts[-1].content_type, attempts[-1].content), None
    except TwimlError:
        return [], _TWIML_FAILED
