"""The simulator's own pages: what has happened, and what is to happen. Guarded by nothing but loopback."""

from dataclasses import asdict, replace
from typing import Any

from aiohttp import web

from messaging_pipeline.simulator.calls import new_call, post_end
from messaging_pipeline.simulator.configuration import ConfigurationError, Faults
from messaging_pipeline.simulator.configuration_file import read_section
from messaging_pipeline.simulator.inbound import InboundText, receive
from messaging_pipeline.simulator.ledger import message_row
from messaging_pipeline.simulator.objects import StoredObject
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.service_account import account_json
from messaging_pipeline.simulator.stage import STAGE
from messaging_pipeline.simulator.web_urls import is_web_url


async def state(request: web.Request) -> web.Response:
    """Answer GET /simulator/state: counts, queues, blocks, faults."""
    stage = request.app[STAGE]
    world = stage.world
    return web.json_response(
        {
            "seed": stage.config.seed,
            "speed": stage.config.speed,
            "started_at": world.started_at,
            "files_url": stage.files_url,
            "creates": len(world.ledger),
            "messages": len(world.messages),
            "by_status": world.messages.count_by(lambda message: message.status),
            "by_direction": world.messages.count_by(lambda message: message.direction),
            "accounts": [{"sid": a.sid, "open_requests": a.open_requests} for a in world.accounts],
            "senders": [
                {
                    "address": sender.address,
                    "service_sid": sender.service_sid,
                    "mps": sender.config.mps,
                    "queued_segments": sender.queued_segments(world.time.elapsed()),
                }
                for sender in world.senders
            ],
            "opt_outs": world.opt_outs.as_rows(),
            "consents": list(world.consents.values()),
            "mails": len(world.mailbox),
            "faults": asdict(world.faults),
        }
    )


async def messages(request: web.Request) -> web.Response:
    """Answer GET /simulator/messages?to=: the creates for a recipient, and the messages they made."""
    world = request.app[STAGE].world
    to = request.query.get("to")
    found = world.messages if to is None else world.messages.to(to)
    rows = [
        message_row(message) | {"body": message.body, "media_urls": [media.url for media in message.media]}
        for message in found
    ]
    return web.json_response({"creates": world.ledger.as_rows(to), "messages": rows})


async def ledger(request: web.Request) -> web.Response:
    """Answer GET /simulator/ledger: the whole run without contents."""
    stage = request.app[STAGE]
    return web.json_response(
        {
            "seed": stage.config.seed,
            "creates": stage.world.ledger.as_rows(),
            "messages": [message_row(message) for message in stage.world.messages],
        }
    )


async def mailbox(request: web.Request) -> web.Response:
    """Answer GET /simulator/mailbox: the mails that have arrived."""
    return web.json_response(request.app[STAGE].world.mailbox.as_rows())


async def pushes(request: web.Request) -> web.Response:
    """Answer GET /simulator/pushes: the notifications that Firebase has taken."""
    return web.json_response(request.app[STAGE].world.firebase.pushes)


async def service_account(request: web.Request) -> web.Response:
    """Answer GET /simulator/service-account: the key file that opens the simulated Firebase."""
    return web.json_response(account_json(request.app[STAGE].url))


async def put_object(request: web.Request) -> web.Response:
    """Answer POST /simulator/objects: put a file into a bucket."""
    try:
        asked = await _object(request)
        _refuse_unknown(asked, {"bucket", "key", "content_type", "size_bytes"})
        place = _text(asked, "bucket"), _text(asked, "key")
        put = StoredObject(_text(asked, "content_type"), _whole(asked, "size_bytes"))
    except ConfigurationError as wrong:
        return _refusal(str(wrong))
    request.app[STAGE].world.objects[place] = put
    return web.Response(status=204)


async def lookups(request: web.Request) -> web.Response:
    """Answer GET /simulator/lookups: the questions that Lookup was asked."""
    return web.json_response(request.app[STAGE].world.lookups)


async def verifications(request: web.Request) -> web.Response:
    """Answer GET /simulator/verifications: the codes that have gone out."""
    return web.json_response(request.app[STAGE].world.verifications.as_rows())


async def reset(request: web.Request) -> web.Response:
    """Answer POST /simulator/reset: begin again."""
    await request.app[STAGE].reset()
    return web.Response(status=204)


async def faults(request: web.Request) -> web.Response:
    """Answer POST /simulator/faults: change the faults that the JSON object names, keep the others."""
    stage = request.app[STAGE]
    try:
        changes = read_section(Faults, await _object(request), "faults")
    except ConfigurationError as wrong:
        return _refusal(str(wrong))
    stage.world.faults = replace(stage.world.faults, **changes)
    return web.json_response(asdict(stage.world.faults))


async def inbound(request: web.Request) -> web.Response:
    """Answer POST /simulator/inbound when the webhook has been posted and has answered, or has not."""
    try:
        asked = await _object(request)
        text, posts = _inbound_text(asked)
        reception = await receive(request.app[STAGE], text, posts)
    except ConfigurationError as wrong:
        return _refusal(str(wrong))
    except ApiError as error:
        return _refusal(f"to: {error.text}")
    return web.json_response(reception.as_json(), status=201)


async def call(request: web.Request) -> web.Response:
    """Answer POST /simulator/calls when the end of a call has been posted to the voice webhook."""
    stage = request.app[STAGE]
    try:
        asked = await _object(request)
        _refuse_unknown(asked, {"from", "to", "outcome", "posts"})
        made = new_call(*(_text(asked, name) for name in ("from", "to", "outcome")))
        webhooks = await post_end(stage, made, _posts(asked))
    except ConfigurationError as wrong:
        return _refusal(str(wrong))
    except ApiError as error:
        return _refusal(f"to: {error.text}")
    return web.json_response({"sid": made.sid, "webhooks": webhooks}, status=201)


def _inbound_text(asked: dict[str, Any]) -> tuple[InboundText, int]:
    _refuse_unknown(asked, {"from", "to", "body", "media_urls", "posts"})
    from_, to, body = (_text(asked, name) for name in ("from", "to", "body"))
    media_urls = asked.get("media_urls", [])
    if not isinstance(media_urls, list) or not all(isinstance(url, str) and is_web_url(url) for url in media_urls):
        raise ConfigurationError("media_urls: must be a list of http or https URLs")
    return InboundText(from_, to, body, tuple(media_urls)), _posts(asked)


def _refuse_unknown(asked: dict[str, Any], known: set[str]) -> None:
    unknown = asked.keys() - known
    if unknown:
        raise ConfigurationError(f"{min(unknown)}: there is no such field")


def _posts(asked: dict[str, Any]) -> int:
    return _whole({"posts": 1, **asked}, "posts")


def _whole(asked: dict[str, Any], name: str) -> int:
    number = asked.get(name)
    if not isinstance(number, int) or number < 1:
        raise ConfigurationError(f"{name}: must be a whole number, 1 or more")
    return number


def _text(asked: dict[str, Any], name: str) -> str:
    text = asked.get(name, "")
    if not isinstance(text, str) or (name != "body" and not text):
        raise ConfigurationError(f"{name}: must be a text")
    return text


async def _object(request: web.Request) -> dict[str, Any]:
    try:
        asked = await request.json()
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        raise ConfigurationError("body: must be a JSON object")
    return asked


def _refusal(reason: str) -> web.Response:
    return web.json_response({"error": reason}, status=400)
