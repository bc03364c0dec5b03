"""Files that somebody has put into a bucket."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StoredObject:
    """A file that is nothing but its kind and its size."""

    content_type: str
    size_bytes: int
