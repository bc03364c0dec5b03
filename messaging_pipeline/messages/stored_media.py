"""Media that a producer names by where they are kept, ``s3://BUCKET/KEY``, in place of an address for everybody."""

import re
from dataclasses import dataclass

from messaging_pipeline.errors import InvalidInput

_SCHEME = "s3://"
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"(?!.*--x-s3$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MAX_KEY_BYTES = 1024
_REMEDY = "write s3://BUCKET/KEY, the key as it is and not percent-encoded"


@dataclass(frozen=True, slots=True)
class StoredMedia:
    """One object in a bucket."""

    bucket: str
    key: str

    @property
    def place(self) -> str:
        """Bucket and key in one."""
        return f"{self.bucket}/{self.key}"


def is_stored(url: str) -> bool:
    """Tell whether an entry of ``media_urls`` names an object in a bucket."""
    return url.startswith(_SCHEME)


def parse_stored_media(url: str, field: str) -> StoredMedia:
    """Take ``s3://BUCKET/KEY`` apart; raises InvalidInput, naming ``field``.

    A key with ``.`` or ``..`` between slashes is refused: whoever fetches it would ask for another one.
    """
    bucket, _, key = url.removeprefix(_SCHEME).partition("/")
    if not BUCKET.fullmatch(bucket):
        raise InvalidInput(field, "does not name a bucket", _REMEDY)
    if not key or len(key.encode("utf-8", "surrogatepass")) > _MAX_KEY_BYTES or not key.isprintable():
        raise InvalidInput(field, "does not name an object", _REMEDY)
    if {".", ".."} & set(key.split("/")):
        raise InvalidInput(field, "has a key that browsers would shorten", "name the object without `.` and `..`")
    return StoredMedia(bucket, key)
