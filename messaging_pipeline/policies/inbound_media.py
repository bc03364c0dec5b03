"""Where a tenant keeps the files that people send, as ``[tenants.NAME.inbound_media]`` says."""

import re
from pathlib import PurePath
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from messaging_pipeline.validation.shapes import Shape

_URL = re.compile(r"[a-z][a-z0-9+.-]*://.*")

_USUAL_TYPES = (
    "image/*",
    "audio/*",
    "video/*",
    "application/pdf",
    "text/calendar",
    "text/directory",
    "text/plain",
    "text/vcard",
    "text/x-vcard",
)


def is_url(store: str) -> bool:
    """Tell whether a store is an fsspec URL, and not a folder of this machine's."""
    return _URL.fullmatch(store) is not None


def _store(text: str) -> str:
    """Refuse a folder that depends on where a process was started, and secrets: the place is written down in clear."""
    if not is_url(text):
        if not PurePath(text).is_absolute():
            raise ValueError("must be the absolute path of a folder, or an fsspec URL such as s3://bucket/media")
        return text
    if "@" in urlsplit(text).netloc or "?" in text or "#" in text:
        raise ValueError("must hold neither a login nor a query; give those where the storage's own library looks")
    return text.rstrip("/")


_CONTENT_TYPE = Shape(r"[a-z]+/(\*|[a-z0-9.+-]+)", "is no content type; write one such as image/png, or image/*")
_HOST = Shape("[a-z0-9.:-]{1,253}", "is no host; write a name in small letters or an address, such as media.internal")

ContentType = Annotated[str, _CONTENT_TYPE]
Host = Annotated[str, _HOST]


@dataclass(frozen=True, config=ConfigDict(extra="forbid", hide_input_in_errors=True))
class InboundMediaPolicy:
    """A folder or an fsspec URL, and what may get into it.

    ``max_bytes`` is for one file; ``content_types`` are types, or whole families such as ``image/*``.
    ``private_hosts`` may be at private addresses and may answer without TLS, when Twilio's redirect leads there.
    """

    store: Annotated[str, AfterValidator(_store)]
    max_bytes: Annotated[int, Field(ge=1, le=1024 * 1024 * 1024)] = 16 * 1024 * 1024
    content_types: Annotated[tuple[ContentType, ...], Field(min_length=1)] = _USUAL_TYPES
    private_hosts: tuple[Host, ...] = ()

    def takes(self, content_type: str) -> bool:
        """Tell whether files of a type, in lower case and without parameters, are kept."""
        return content_type in self.content_types or f"{content_type.partition('/')[0]}/*" in self.content_types
