"""Numbers that have gone: each tenant's become keyed hashes, by which they are found again and not guessed.

Store functions: they take a connection and never commit.
"""

import hmac
import secrets
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import E164
from messaging_pipeline.sealing import Sealer

#: What stands in place of the number of a person who was erased: nothing leads back from it.
ERASED = "erased"

_PREFIX = "h:"
_CHANNELS = ("whatsapp:", "rcs:")
_KEY_BYTES = 32
_HASH_BYTES = 16


def pseudonym(key: bytes, number: str) -> str:
    """Return the hash that stands for a number, whatever channel it came by; what has gone already stays as it is."""
    if has_gone(number):
        return number
    bare = number.rpartition(":")[2]
    return _PREFIX + hmac.digest(key, bare.encode(), "sha256")[:_HASH_BYTES].hex()


def has_gone(number: str) -> bool:
    """Tell whether this stands in place of a number, or there was none."""
    return number in {"", ERASED} or number.startswith(_PREFIX)


def key_of(connection: Connection[TupleRow], sealer: Sealer, tenant: str, now: datetime) -> bytes:
    """Return the tenant's key, and make one if there is none; raises CannotUnseal."""
    fresh = {"tenant": tenant, "sealed": sealer.seal(secrets.token_hex(_KEY_BYTES)), "now": now}
    connection.execute(sql("create_pseudonym_key"), fresh)
    key = _known_key(connection, sealer, tenant)
    assert key is not None, "a key that was there has gone"  # noqa: S101
    return key


def forms_of(connection: Connection[TupleRow], sealer: Sealer, tenant: str, number: E164) -> list[str]:
    """Return all that may stand for a number in a tenant's rows: itself, and its hash; raises CannotUnseal."""
    key = _known_key(connection, sealer, tenant)
    in_clear = [number, *(channel + number for channel in _CHANNELS)]
    return in_clear if key is None else [*in_clear, pseudonym(key, number)]


def _known_key(connection: Connection[TupleRow], sealer: Sealer, tenant: str) -> bytes | None:
    row = connection.execute(sql("pseudonym_key"), {"tenant": tenant}).fetchone()
    return None if row is None else bytes.fromhex(str(sealer.unseal(row[0])))
