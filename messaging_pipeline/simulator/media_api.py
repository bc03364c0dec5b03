"""The smaller resources of the REST API: media, feedback, and the account itself."""

from aiohttp import web

from messaging_pipeline.simulator.message import Media, Message
from messaging_pipeline.simulator.messages_api import find
from messaging_pipeline.simulator.parameters import value
from messaging_pipeline.simulator.resources import account_json, feedback_json, media_json, message_path
from messaging_pipeline.simulator.rest import Call, Reply, serve
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.stage import STAGE


async def media_page(request: web.Request) -> web.StreamResponse:
    """Answer GET Media.json."""
    return await serve(request, _media_page)


async def media_fetch(request: web.Request) -> web.StreamResponse:
    """Answer GET Media/ME….json."""
    return await serve(request, lambda call: Reply(200, media_json(*_find_media(call))))


async def media_delete(request: web.Request) -> web.StreamResponse:
    """Answer DELETE Media/ME….json."""
    return await serve(request, _media_delete)


async def media_content(request: web.Request) -> web.StreamResponse:
    """Answer GET Media/ME… without ``.json``: a redirect to the file, for everybody unless the account says otherwise.

    https://www.twilio.com/docs/usage/security#http-authentication
    """
    world = request.app[STAGE].world
    message = world.messages.find(request.match_info["message_sid"])
    if message and not world.accounts.may_see_media(message.account_sid, request.headers.get("Authorization")):
        raise web.HTTPUnauthorized(headers={"WWW-Authenticate": 'Basic realm="Twilio API"'})
    for media in message.media if message else ():
        if media.sid == request.match_info["media_sid"]:
            raise web.HTTPTemporaryRedirect(media.url)
    raise web.HTTPNotFound


async def feedback(request: web.Request) -> web.StreamResponse:
    """Answer POST Feedback.json."""
    return await serve(request, _feedback)


async def account(request: web.Request) -> web.StreamResponse:
    """Answer GET Accounts/AC….json."""
    return await serve(request, _account)


def _account(call: Call) -> Reply:
    """The API keys of a simulation are standard ones, which may not see the account."""
    if call.world.accounts.is_by_key(call.request.headers.get("Authorization")):
        raise ApiError(20003)
    return Reply(200, account_json(call.account.sid, call.account.created_at))


def _media_page(call: Call) -> Reply:
    message = find(call)
    uri = f"{message_path(message)}/Media.json"
    return Reply(
        200,
        {
            "end": max(0, len(message.media) - 1),
            "first_page_uri": uri,
            "media_list": [media_json(message, media) for media in message.media],
            "next_page_uri": None,
            "page": 0,
            "page_size": 50,
            "previous_page_uri": None,
            "start": 0,
            "uri": uri,
        },
    )


def _media_delete(call: Call) -> Reply:
    message, media = _find_media(call)
    message.media.remove(media)
    return Reply(204, None)


def _find_media(call: Call) -> tuple[Message, Media]:
    message = find(call)
    for media in message.media:
        if media.sid == call.path_part("media_sid"):
            return message, media
    raise ApiError(20404, call.request.path)


def _feedback(call: Call) -> Reply:
    """Feedback is taken only for a message created with ProvideFeedback, and answered 200, not 201."""
    message = find(call)
    outcome = value(call.form, "Outcome") or "confirmed"
    if message.feedback is None or outcome not in {"confirmed", "unconfirmed"}:
        raise ApiError(30400)
    message.feedback = outcome
    return Reply(200, feedback_json(message, outcome, unix_now()))
