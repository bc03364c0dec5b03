"""The links in a text: where a telephone would make something to tap on."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = rf"(?:{_LABEL}\.)+[a-z]{{2,24}}"
_DOMAIN = re.compile(_HOST, re.IGNORECASE)

#: Endings by which a bare host is taken for one; others, such as the end of a sentence without a space, are not.
_USUAL_ENDINGS = frozenset(
    {"ai", "app", "biz", "ca", "co", "com", "dev", "edu", "gov", "info", "io", "link", "ly", "me", "net", "org", "page"}
    | {"shop", "store", "uk", "us"}
)
_LINK = re.compile(rf"(?<![\w.@/-])(?P<scheme>https?://)?(?P<host>{_HOST})\b(?P<rest>[/:?#]\S+)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Link:
    """A link's host, in small letters and without ``www.``, and whether anything follows it."""

    host: str
    has_path: bool


def links_in(text: str) -> Iterator[Link]:
    """Find the links: with ``https://``, with a path, or a bare host with a usual ending; e-mail addresses are none."""
    for found in _LINK.finditer(text):
        host = found["host"].lower()
        if found["scheme"] or found["rest"] or host.rpartition(".")[2] in _USUAL_ENDINGS:
            yield Link(host.removeprefix("www."), found["rest"] is not None)


def is_domain(text: str) -> bool:
    """Tell whether a text is a host's name, such as ``example.com``."""
    return _DOMAIN.fullmatch(text) is not None


def is_within(host: str, domain: str) -> bool:
    """Tell whether a host is a domain or one below it."""
    return host == domain or host.endswith(f".{domain}")
