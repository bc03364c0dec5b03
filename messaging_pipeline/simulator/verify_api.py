"""Twilio's Verify API, version 2: start a verification, check a code (https://www.twilio.com/docs/verify/api)."""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from messaging_pipeline.simulator import answers
from messaging_pipeline.simulator.accounts import Account
from messaging_pipeline.simulator.magic_numbers import Answer
from messaging_pipeline.simulator.parameters import Form, read_form, value
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.simulated_time import pause, unix_now
from messaging_pipeline.simulator.stage import STAGE
from messaging_pipeline.simulator.verifications import Verification
from messaging_pipeline.simulator.world import World

CHANNELS = frozenset({"sms", "call", "whatsapp", "email"})
_NUMBER = re.compile(r"\+[1-9]\d{6,14}")

Operation = Callable[[World, Account, str, Form], tuple[int, dict[str, Any], Answer]]


async def start(request: web.Request) -> web.StreamResponse:
    """Answer POST Verifications: the code goes out, to be read from the control pages."""
    return await _serve(request, _start)


async def check(request: web.Request) -> web.StreamResponse:
    """Answer POST VerificationCheck."""
    return await _serve(request, _check)


async def _serve(request: web.Request, operation: Operation) -> web.StreamResponse:
    form, world = read_form(await request.read()), request.app[STAGE].world
    status, content, answer = _performed(request, operation, form, world)
    await pause(world.faults.latency_ms / 1000)
    return await answers.give(answer, request, web.json_response(content, status=status))


def _performed(
    request: web.Request, operation: Operation, form: Form, world: World
) -> tuple[int, dict[str, Any], Answer]:
    account = world.accounts.authenticate(request.headers.get("Authorization"))
    if account is None:
        return _refusal(ApiError(20003))
    try:
        return operation(world, account, request.match_info["service_sid"], form)
    except ApiError as error:
        return _refusal(error)


def _refusal(error: ApiError) -> tuple[int, dict[str, Any], Answer]:
    return error.http_status, error.as_json(), Answer.GIVEN


def _start(world: World, account: Account, service_sid: str, form: Form) -> tuple[int, dict[str, Any], Answer]:
    """The magic numbers spoil this answer as they spoil that of a message."""
    to, channel = value(form, "To") or "", value(form, "Channel")
    if not _NUMBER.fullmatch(to) or channel not in CHANNELS:
        raise ApiError(60200)
    key = world.create_faults.arrival_key(to)
    world.create_faults.refuse(world.faults, key, to, None)
    made = world.verifications.start(account.sid, service_sid, to, channel, unix_now())
    answer = world.create_faults.answer(world.faults, key, to)
    if answer is Answer.ERROR_AFTER:
        raise ApiError(20500)
    return 201, _as_json(made), answer


def _check(world: World, account: Account, service_sid: str, form: Form) -> tuple[int, dict[str, Any], Answer]:
    whose, code = value(form, "VerificationSid") or value(form, "To"), value(form, "Code")
    if not whose or not code:
        raise ApiError(60200)
    found = world.verifications.check(account.sid, service_sid, whose, code, unix_now())
    return 201, _as_json(found), Answer.GIVEN


def _as_json(verification: Verification) -> dict[str, Any]:
    at = datetime.fromtimestamp(int(verification.created_at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return {
        "sid": verification.sid,
        "service_sid": verification.service_sid,
        "account_sid": verification.account_sid,
        "to": verification.to,
        "channel": verification.channel,
        "status": verification.status,
        "valid": verification.status == "approved",
        "amount": None,
        "payee": None,
        "date_created": at,
        "date_updated": at,
    }
