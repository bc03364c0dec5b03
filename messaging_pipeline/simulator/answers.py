"""How an answer reaches its caller, or fails to."""

import asyncio
import socket
import struct
from contextlib import suppress

from aiohttp import web

from messaging_pipeline.simulator.magic_numbers import Answer
from messaging_pipeline.simulator.stage import STAGE

_RESET_INSTEAD_OF_CLOSE = struct.pack("ii", 1, 0)


async def give(answer: Answer, request: web.Request, response: web.Response) -> web.StreamResponse:
    """Send the response, or do to it what ``answer`` says."""
    if answer is Answer.HELD:
        await _hold(request)
    elif answer is Answer.RESET:
        _reset(request)
    elif answer is Answer.TRUNCATED:
        return await _truncate(request, response)
    return response


async def _hold(request: web.Request) -> None:
    """Keep the connection open and say nothing, until the caller goes away or the simulator closes."""
    stage = request.app[STAGE]
    with suppress(TimeoutError):
        await asyncio.wait_for(stage.closing.wait(), stage.world.faults.hold_seconds)
    _reset(request)


def _reset(request: web.Request) -> None:
    """Drop the connection with a TCP RST; what is written to it afterwards goes nowhere."""
    transport = request.transport
    if transport is None:
        return
    connection = transport.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_INSTEAD_OF_CLOSE)
    transport.abort()


async def _truncate(request: web.Request, response: web.Response) -> web.StreamResponse:
    """Announce the whole body, send half of it, and hang up."""
    body = response.body
    assert isinstance(body, bytes)  # noqa: S101 - every answer of the API is JSON made here
    half = web.StreamResponse(status=response.status, headers=response.headers)
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half
