"""Somebody sends a picture, and it is copied from Twilio into storage of our own."""

from typing import Any

from messaging_pipeline.configuration import DEFAULT_TENANT
from messaging_pipeline.inbound_media.ledger import files_of
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.stack.demo.stage import DESK_SID, Stage, somebody

TITLE = "A picture"


def play(stage: Stage) -> None:
    """Send it, and wait for the copy."""
    person, picture = somebody(), f"{stage.control.state()['files_url']}/files/receipt.png?bytes=20000"
    sid = stage.control.receive_text(person, DESK_SID, "Hours?", media_urls=(picture,))["sid"]
    copy = stage.until(lambda: _copied(stage, sid), "the picture was not copied")
    stage.say(f"{masked(person)} sends a picture; copied: {copy['content_type']}, {copy['size_bytes']} bytes")


def _copied(stage: Stage, sid: str) -> dict[str, Any] | None:
    with stage.runtime.pool.connection() as connection:
        files = files_of(connection, DEFAULT_TENANT, sid)
    return next((one for one in files if one["state"] == "copied"), None)
