"""The storage behind the files of messages: another origin than the API, that takes no credentials."""

import hashlib
from mimetypes import guess_type

from aiohttp import web

_USUAL_BYTES = 20_000
_MOST_BYTES = 64 * 1024 * 1024


async def file(request: web.Request) -> web.Response:
    """Answer GET /files/NAME: a file of the type that the name says, the same whenever it is asked for.

    ``?bytes=`` is its size. A request that carries credentials is refused, as storage with signed addresses does.
    """
    if "Authorization" in request.headers:
        raise web.HTTPBadRequest(text="Only one auth mechanism allowed")
    name, size = request.match_info["name"], request.query.get("bytes", str(_USUAL_BYTES))
    if not size.isdecimal() or int(size) > _MOST_BYTES:
        raise web.HTTPBadRequest(text="bytes: must be a whole number, 64 MB at most")
    content_type = guess_type(name)[0] or "application/octet-stream"
    return web.Response(body=content_of(name, int(size)), content_type=content_type)


def content_of(name: str, size_bytes: int) -> bytes:
    """Return the content of a file by its name."""
    return hashlib.shake_128(name.encode()).digest(size_bytes)
