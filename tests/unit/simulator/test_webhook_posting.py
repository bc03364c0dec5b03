"""Posting one webhook to servers that behave badly, and to one that behaves well."""

import asyncio
from collections.abc import Awaitable, Callable

from messaging_pipeline.simulator.webhook_post import WebhookPost

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"


async def read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return head + await reader.readexactly(length)


def outcomes_of(handler: Handler, fragment: str = "", posts: int = 1) -> list[str]:
    """Post to a server made of one handler, and return how every attempt went."""

    async def run() -> list[str]:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await handler(reader, writer)
            except (asyncio.IncompleteReadError, ConnectionError):
                pass
            finally:
                writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        post = WebhookPost()
        try:
            async with server:
                port = server.sockets[0].getsockname()[1]
                url = f"http://127.0.0.1:{port}/hook{fragment}"
                attempts = [attempt for _ in range(posts) for attempt in await post.post(url, {"A": "b c"}, "t")]
                post.close()
                return [attempt.outcome for attempt in attempts]
        finally:
            post.close()

    return asyncio.run(run())


async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    await reader.read()


async def stop_in_the_middle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
    await writer.drain()
    await reader.read()


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)


async def talk_nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await read_request(reader)
    writer.write(b"220 mail.example ESMTP\r\n\r\n")
    await reader.read()


def test_silence_is_a_read_timeout_and_not_retried_by_default() -> None:
    assert outcomes_of(never_answer, "#rt=100") == ["read_timeout"]


def test_silence_is_retried_when_the_url_says_rt() -> None:
    assert outcomes_of(never_answer, "#rt=100&rp=rt&rc=2") == ["read_timeout"] * 3


def test_the_total_time_ends_retries_early() -> None:
    assert outcomes_of(never_answer, "#rp=all&rc=5&tt=100") == ["read_timeout"]


def test_half_an_answer_is_never_retried() -> None:
    assert outcomes_of(stop_in_the_middle, "#rt=100&rp=all&rc=5") == ["cut_off"]


def test_a_server_that_hangs_up_has_disconnected() -> None:
    assert outcomes_of(hang_up, "#rp=all") == ["disconnected"]


def test_an_answer_that_is_no_http_is_bad() -> None:
    assert outcomes_of(talk_nonsense) == ["bad_answer"]


def test_one_connection_serves_many_requests() -> None:
    connections = []

    async def answer_all(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        while await read_request(reader):
            writer.write(NO_CONTENT)

    assert outcomes_of(answer_all, posts=3) == ["204"] * 3
    assert len(connections) == 1


def test_a_server_that_closes_after_each_answer_gets_a_new_connection_each_time() -> None:
    connections = []

    async def answer_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await read_request(reader)
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    assert outcomes_of(answer_one, posts=2) == ["204"] * 2
    assert len(connections) == 2


def test_the_form_arrives_quoted() -> None:
    requests = []

    async def keep(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        requests.append(await read_request(reader))
        writer.write(NO_CONTENT)

    outcomes_of(keep)

    [request] = requests
    assert request.startswith(b"POST /hook HTTP/1.1\r\nHost: 127.0.0.1:")
    assert request.endswith(b"\r\n\r\nA=b+c")


def test_a_connection_that_is_not_used_is_given_up_by_itself() -> None:
    hung_up = asyncio.Event()

    async def wait_for_the_end(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await read_request(reader)
        writer.write(NO_CONTENT)
        await reader.read()
        writer.close()
        hung_up.set()

    async def run() -> None:
        server = await asyncio.start_server(wait_for_the_end, "127.0.0.1", 0)
        post = WebhookPost()
        async with server:
            await post.post(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", {}, "t")
            await asyncio.wait_for(hung_up.wait(), timeout=20)
        post.close()

    asyncio.run(run())

    assert hung_up.is_set()
