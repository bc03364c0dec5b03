"""SendGrid's mail send API (https://www.twilio.com/docs/sendgrid/api-reference/mail-send/mail-send)."""

from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.mail import BOUNCES, BOUNCES_LATER, FAILS_FOR_NOW, Mail, local_part
from messaging_pipeline.simulator.message import new_sid
from messaging_pipeline.simulator.sendgrid_events import event
from messaging_pipeline.simulator.simulated_time import pause, unix_now
from messaging_pipeline.simulator.stage import STAGE, Stage

_RECEIPT_SECONDS = 1.0
_MOST_POSTS = 5
_BETWEEN_POSTS_SECONDS = 1.0


class _MalformedError(Exception):
    """Raised for a request that lacks what SendGrid needs; ``field`` is SendGrid's name for it."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


async def send(request: web.Request) -> web.Response:
    """Answer POST /v3/mail/send: 202, or 401 without a bearer token, or 400 with the field that is wrong."""
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        return _errors(401, "The provided authorization grant is invalid, expired, or revoked", None)
    try:
        asked = await request.json()
        mails = _read(asked)
    except _MalformedError as malformed:
        return _errors(400, f"The {malformed.field} field is required and must be valid", malformed.field)
    except ValueError:
        return _errors(400, "Bad Request", None)
    names = {local_part(mail.to) for mail in mails}
    if FAILS_FOR_NOW in names:
        return _errors(500, "Internal server error", None)
    if BOUNCES in names:
        return _errors(400, "Does not contain a valid address.", "personalizations.0.to.0.email")
    stage, message_id = request.app[STAGE], new_sid("")
    for mail in mails:
        _take(stage, mail, message_id, _arguments(asked))
    return web.Response(status=202, headers={"X-Message-Id": message_id})


def _take(stage: Stage, mail: Mail, message_id: str, arguments: dict[str, str]) -> None:
    """Deliver a mail and have the event webhook told a little later; some addresses bounce only then."""
    word = "bounce" if local_part(mail.to) == BOUNCES_LATER else "delivered"
    if word == "delivered":
        stage.world.mailbox.deliver(mail)
    if url := stage.config.stand_ins.sendgrid_events_url:
        told = event(word, mail.to, message_id, arguments)
        stage.world.time.call_after(_RECEIPT_SECONDS, _tell, stage, url, told)


def _tell(stage: Stage, url: str, told: dict[str, object]) -> None:
    stage.world.spawn(_tell_until_heard(stage, url, told))


async def _tell_until_heard(stage: Stage, url: str, told: dict[str, object]) -> None:
    """Post an event again when it was not answered with a 2xx, as SendGrid does (for a day; here a few times)."""
    for _ in range(_MOST_POSTS):
        if await stage.post.deliver(url, stage.event_key.request(url, [told])):
            return
        await pause(_BETWEEN_POSTS_SECONDS)


def _arguments(asked: dict[str, Any]) -> dict[str, str]:
    """Return the custom arguments of the whole mail, which are texts."""
    given = asked.get("custom_args")
    return {str(name): str(text) for name, text in given.items()} if isinstance(given, dict) else {}


def _read(asked: Any) -> list[Mail]:
    """Return one mail for each recipient."""
    if not isinstance(asked, dict):
        raise _MalformedError("personalizations")
    sender = _address(asked.get("from"), "from.email")
    text = _text(asked.get("content"))
    mails = []
    for personalization in _objects(asked.get("personalizations"), "personalizations"):
        subject = personalization.get("subject") or asked.get("subject")
        if not isinstance(subject, str):
            raise _MalformedError("subject")
        for to in _objects(personalization.get("to"), "personalizations.0.to"):
            to_address = _address(to, "personalizations.0.to.0.email")
            mails.append(Mail(sender, to_address, subject, text, unix_now()))
    return mails


def _objects(value: object, field: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(item, dict) for item in value):
        raise _MalformedError(field)
    return value


def _address(value: object, field: str) -> str:
    email = value.get("email") if isinstance(value, dict) else None
    if not isinstance(email, str) or "@" not in email:
        raise _MalformedError(field)
    return email


def _text(value: object) -> str:
    """Return the first part's text; SendGrid wants text/plain first."""
    text = _objects(value, "content")[0].get("value")
    if not isinstance(text, str) or not text:
        raise _MalformedError("content.0.value")
    return text


def _errors(status: int, message: str, field: str | None) -> web.Response:
    return web.json_response({"errors": [{"message": message, "field": field, "help": None}]}, status=status)
