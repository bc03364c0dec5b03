"""The address of a database, as a setting gives it."""

import psycopg
from psycopg.conninfo import conninfo_to_dict

from messaging_pipeline.errors import InvalidSettings


def postgres_address(address: str, setting: str) -> str:
    """Return the address if libpq can read it; raises InvalidSettings, which names the setting and not its value."""
    try:
        conninfo_to_dict(address)
    except psycopg.ProgrammingError:
        raise InvalidSettings(
            setting, "is not a Postgres URL", "give postgresql://user:password@host:5432/name"
        ) from None
    return address
