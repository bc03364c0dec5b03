"""What counts as a URL that a webhook or a file can be at."""

from urllib.parse import urlsplit


def is_web_url(url: str) -> bool:
    """Say whether this is an http or https URL with a host, and with a possible port if any."""
    try:
        parts = urlsplit(url)
        return parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
