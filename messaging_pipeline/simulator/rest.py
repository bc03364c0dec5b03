"""One call of the REST API: authenticate, limit, do, delay, answer - or spoil the answer."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiohttp import web

from messaging_pipeline.simulator import answers
from messaging_pipeline.simulator.accounts import Account
from messaging_pipeline.simulator.ledger import CreateAttempt
from messaging_pipeline.simulator.magic_numbers import Answer
from messaging_pipeline.simulator.message import new_sid
from messaging_pipeline.simulator.parameters import Form, read_form
from messaging_pipeline.simulator.rest_errors import ApiError
from messaging_pipeline.simulator.simulated_time import pause, unix_now
from messaging_pipeline.simulator.stage import STAGE
from messaging_pipeline.simulator.world import World


@dataclass(slots=True)
class Call:
    """A call that was let in: whose it is, what it carries, and what is to become of its answer."""

    world: World
    account: Account
    request: web.Request
    form: Form
    answer: Answer = Answer.GIVEN

    def path_part(self, name: str) -> str:
        """Return a variable part of the path."""
        return self.request.match_info[name]


class Reply(NamedTuple):
    """An answer before it is put on the wire; no body for 204."""

    status: int
    body: dict[str, Any] | None

    @property
    def error_code(self) -> int | None:
        """Twilio's code, when the answer is a refusal."""
        return self.body.get("code") if self.body else None


Operation = Callable[[Call], Reply]


async def serve(request: web.Request, operation: Operation, attempt: CreateAttempt | None = None) -> web.StreamResponse:
    """Answer a call of the API; a create brings the ledger entry in which its end is noted."""
    attempt = attempt or CreateAttempt(new_sid("RQ"), unix_now())  # other calls are in no ledger
    form = read_form(await request.read())
    attempt.describe(request.match_info.get("account_sid", ""), form)
    world = request.app[STAGE].world
    account = world.accounts.authenticate(request.headers.get("Authorization"))
    if account is None:
        return _response(_refusal(ApiError(20003)), attempt, Answer.GIVEN)
    call = Call(world, account, request, form)
    account.open_requests += 1
    try:
        reply = _perform(call, operation)
        attempt.note(reply.status, reply.error_code)
        await pause(world.faults.latency_ms / 1000)
        response = _response(reply, attempt, call.answer)
        response.headers["Twilio-Concurrent-Requests"] = str(account.open_requests)
        return await answers.give(call.answer, request, response)
    finally:
        account.open_requests -= 1


def _perform(call: Call, operation: Operation) -> Reply:
    try:
        _check_admission(call)
        return operation(call)
    except ApiError as error:
        return _refusal(error)


def _check_admission(call: Call) -> None:
    limit = call.world.faults.concurrency_limit
    if call.request.match_info.get("account_sid", call.account.sid) != call.account.sid:
        raise ApiError(20404, call.request.path)
    if limit and call.account.open_requests > limit:
        raise ApiError(20429)


def _refusal(error: ApiError) -> Reply:
    return Reply(error.http_status, error.as_json())


def _response(reply: Reply, attempt: CreateAttempt, answer: Answer) -> web.Response:
    attempt.note(reply.status, reply.error_code)
    attempt.answer = answer.value
    headers = {"Twilio-Request-Id": attempt.request_id}
    if reply.body is None:
        return web.Response(status=reply.status, headers=headers)
    content = json.dumps(reply.body).encode()
    return web.Response(status=reply.status, headers=headers, body=content, content_type="application/json")
