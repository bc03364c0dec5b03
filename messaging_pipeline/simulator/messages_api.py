"""The Message resource of the REST API: create, list, fetch, redact, cancel, delete."""

from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from urllib.parse import urlencode

from aiohttp import web

from messaging_pipeline.simulator.creation import create_message
from messaging_pipeline.simulator.ledger import CreateAttempt
from messaging_pipeline.simulator.magic_numbers import Answer
from messaging_pipeline.simulator.message import Message, new_sid
from messaging_pipeline.simulator.message_store import MessageFilter
from messaging_pipeline.simulator.paging import number_in_query, page_size
from messaging_pipeline.simulator.parameters import check_create, value
from messaging_pipeline.simulator.resources import account_path, message_json
from messaging_pipeline.simulator.rest import Call, Reply, serve
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.stage import STAGE

_TOKEN_PREFIX = "PA"  # noqa: S105 - a page token, no secret


async def create(request: web.Request) -> web.StreamResponse:
    """Answer POST Messages.json."""
    attempt = request.app[STAGE].world.ledger.open(new_sid("RQ"), unix_now())
    return await serve(request, partial(_create, attempt=attempt), attempt)


async def page(request: web.Request) -> web.StreamResponse:
    """Answer GET Messages.json."""
    return await serve(request, _page)


async def fetch(request: web.Request) -> web.StreamResponse:
    """Answer GET Messages/SM….json."""
    return await serve(request, lambda call: Reply(200, message_json(find(call))))


async def update(request: web.Request) -> web.StreamResponse:
    """Answer POST Messages/SM….json: an empty Body redacts, the Status ``canceled`` cancels."""
    return await serve(request, _update)


async def delete(request: web.Request) -> web.StreamResponse:
    """Answer DELETE Messages/SM….json."""
    return await serve(request, _delete)


def find(call: Call) -> Message:
    """Return the message that the path names; raises ApiError 20404 when this account has none such."""
    message = call.world.messages.find(call.path_part("message_sid"))
    if message is None or message.account_sid != call.account.sid:
        raise ApiError(20404, call.request.path)
    return message


def _create(call: Call, attempt: CreateAttempt) -> Reply:
    world = call.world
    to = attempt.to or ""
    key = world.create_faults.arrival_key(to)
    world.create_faults.refuse(world.faults, key, to, attempt.status_callback)
    message = create_message(world, call.account.sid, check_create(call.form, attempt.received_at))
    attempt.created, attempt.sid, attempt.segments = True, message.sid, message.segments
    call.answer = world.create_faults.answer(world.faults, key, message.to)
    if call.answer is Answer.ERROR_AFTER:
        raise ApiError(20500)
    return Reply(201, message_json(message))


def _update(call: Call) -> Reply:
    message = find(call)
    status, body = value(call.form, "Status"), call.form.get("Body")
    if status == "canceled" and body is None:
        _cancel(call, message)
    elif status is None and body == [""]:
        _redact(message)
    else:
        raise ApiError(30400)
    return Reply(200, message_json(message))


def _cancel(call: Call, message: Message) -> None:
    if message.status != "scheduled":
        raise ApiError(30409)
    call.world.carrier.cancel(message)


def _redact(message: Message) -> None:
    if not message.is_finished:
        raise ApiError(20009)
    message.body = ""


def _delete(call: Call) -> Reply:
    message = find(call)
    if not message.is_finished:
        raise ApiError(20009)
    message.body, message.media, message.is_deleted = "", [], True
    return Reply(204, None)


def _page(call: Call) -> Reply:
    size = page_size(call)
    number = number_in_query(call, "Page", 0)
    before = number_in_query(call, "PageToken", 0, _TOKEN_PREFIX) if "PageToken" in call.request.query else None
    found = list(islice(call.world.messages.newest_first(_filter(call), before), size + 1))
    messages = found[:size]
    following = _page_uri(call, number + 1, messages[-1].position) if len(found) > size else None
    return Reply(
        200,
        {
            "end": number * size + max(0, len(messages) - 1),
            "first_page_uri": _page_uri(call, 0, None),
            "messages": [message_json(message) for message in messages],
            "next_page_uri": following,
            "page": number,
            "page_size": size,
            "previous_page_uri": None,
            "start": number * size,
            "uri": call.request.path_qs,
        },
    )


def _page_uri(call: Call, number: int, last_position: int | None) -> str:
    query = {name: text for name, text in call.request.query.items() if name not in {"Page", "PageToken"}}
    query["Page"] = str(number)
    if last_position is not None:
        query["PageToken"] = f"{_TOKEN_PREFIX}{last_position}"
    return f"{account_path(call.account.sid)}/Messages.json?{urlencode(query)}"


def _filter(call: Call) -> MessageFilter:
    query = call.request.query
    on_day = query.get("DateSent")
    sent_from = _moment(on_day or query.get("DateSent>"))
    sent_until = _moment(query.get("DateSent<"))
    if on_day and sent_from is not None:
        sent_until = sent_from + timedelta(days=1).total_seconds()
    return MessageFilter(
        account_sid=call.account.sid,
        to=query.get("To"),
        from_=query.get("From"),
        sent_from=sent_from,
        sent_until=sent_until,
        created_until=unix_now() - call.world.faults.listing_lag_seconds,
    )


def _moment(text: str | None) -> float | None:
    """Read a date, or a date and time, in GMT; raises ApiError 30400 when it is neither."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise ApiError(30400) from None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
