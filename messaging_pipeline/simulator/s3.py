"""S3, as far as media need it: objects in buckets that open to a signed address, at ``/s3/BUCKET/KEY``."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape

from aiohttp import web

from messaging_pipeline.simulator.s3_signature import RefusedError, check
from messaging_pipeline.simulator.stage import STAGE


async def fetch(request: web.Request) -> web.Response:
    """Answer GET /s3/BUCKET/KEY: the file, 403 for a signature that is wrong or has expired, or 404."""
    bucket, key = request.match_info["bucket"], request.match_info["key"]
    try:
        check(request.method, request.raw_path, request.headers, datetime.now(UTC))
    except RefusedError as refused:
        return _error(403, refused.code, refused.text)
    found = request.app[STAGE].world.objects.get((bucket, key))
    if found is None:
        return _error(404, "NoSuchKey", "The specified key does not exist.")
    return web.Response(body=bytes(found.size_bytes), content_type=found.content_type)


def _error(status: int, code: str, text: str) -> web.Response:
    xml = f"<Error><Code>{escape(code)}</Code><Message>{escape(text)}</Message></Error>"
    return web.Response(status=status, text=xml, content_type="application/xml")
