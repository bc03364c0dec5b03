"""The making of a message from a create whose parameters are in order."""

from mimetypes import guess_type
from urllib.parse import urlsplit

from messaging_pipeline.messages.segments import count_segments
from messaging_pipeline.simulator import magic_numbers
from messaging_pipeline.simulator.magic_numbers import Life, failed
from messaging_pipeline.simulator.message import Media, Message, new_sid
from messaging_pipeline.simulator.parameters import CreateRequest
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.twiml import TwimlReply
from messaging_pipeline.simulator.world import World

NO_FITTING_SENDER = 21703


def create_message(world: World, account_sid: str, request: CreateRequest) -> Message:
    """Create a message and send it on its way.

    Raises ApiError when the sender, the service or the recipient is refused at once.
    """
    if request.service_sid:
        return _through_service(world, account_sid, request.service_sid, request)
    return _from_sender(world, account_sid, request)


def _through_service(world: World, account_sid: str, service_sid: str, request: CreateRequest) -> Message:
    service = world.senders.service(service_sid, account_sid)
    if not service.pool:
        raise ApiError(21704)
    named = world.senders.own(request.from_, account_sid) if request.from_ else None
    if named and named not in service.pool:
        raise ApiError(21606, named.address)
    _refuse_recipient(request.to)
    sender = named or service.sender_for(request.to, mms=bool(request.media_urls))
    message = _new_message(world, account_sid, request)
    message.sender = named.address if named else None
    message.status_callback = request.status_callback or service.config.status_callback
    message.status = "accepted" if request.send_at is None else "scheduled"
    life = message.fate.life if sender else failed(NO_FITTING_SENDER)
    return _launch(world, message, sender or service.pool[0], life)


def _from_sender(world: World, account_sid: str, request: CreateRequest) -> Message:
    sender = world.senders.own(request.from_ or "", account_sid)
    _refuse_recipient(request.to)
    if request.media_urls and "mms" not in sender.config.capabilities:
        raise ApiError(21621, sender.address)
    message = _new_message(world, account_sid, request)
    if world.is_blocked(message, sender):
        raise ApiError(21610)
    if sender.is_full(world.time.elapsed()):
        raise ApiError(21611, sender.address)
    message.sender = sender.address
    message.status = "queued"
    return _launch(world, message, sender, message.fate.life)


def _refuse_recipient(to: str) -> None:
    code = magic_numbers.of_recipient(to).refusal
    if code is not None:
        raise ApiError(code, to)


def _new_message(world: World, account_sid: str, request: CreateRequest) -> Message:
    message = _outbound(world, account_sid, request.to, request.body, request.media_urls)
    message.service_sid = request.service_sid
    message.status_callback = request.status_callback
    message.validity_seconds = request.validity_seconds
    message.send_at = request.send_at
    message.feedback = "unconfirmed" if request.provide_feedback else None
    return message


def send_reply(world: World, sender: Sender, to: str, reply: TwimlReply) -> Message:
    """Send a message that answers an inbound one, from the number that was written to."""
    message = _outbound(world, sender.account_sid, to, reply.body, reply.media_urls)
    message.direction = "outbound-reply"
    message.service_sid = sender.service_sid
    message.sender = sender.address
    message.status_callback = reply.status_callback
    message.status = "queued"
    return _launch(world, message, sender, message.fate.life)


def _outbound(world: World, account_sid: str, to: str, body: str, media_urls: tuple[str, ...]) -> Message:
    now = unix_now()
    return Message(
        sid=new_sid("MM" if media_urls else "SM"),
        account_sid=account_sid,
        key=f"{to}#{len(world.messages.to(to)) + 1}",
        direction="outbound-api",
        to=to,
        body=body,
        segments=1 if media_urls else count_segments(body).segments,
        created_at=now,
        fate=magic_numbers.of_recipient(to).carrying(media_urls),
        media=[media_at(url, now) for url in media_urls],
    )


def media_at(url: str, created_at: float) -> Media:
    """Make the media resource for a file, its type guessed by its name."""
    content_type = guess_type(urlsplit(url).path)[0] or "application/octet-stream"
    return Media(new_sid("ME"), url, content_type, created_at)


def _launch(world: World, message: Message, sender: Sender, life: Life) -> Message:
    message.move_to(message.status, message.created_at)
    world.messages.add(message)
    world.carrier.take(message, sender, life)
    return message
