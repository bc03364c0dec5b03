"""What line numbers have and whose, as far as Twilio has said lately: landlines are not written to until it grows old.

Store functions: they take a connection inside the caller's transaction and never commit.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.consequences import Decided
from messaging_pipeline.db.queries import sql
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import is_e164

_NO_MOBILE = frozenset({21614, 30006})
"""Not a mobile number; a landline, or a carrier that is not reached (https://www.twilio.com/docs/api/errors/30006)."""

#: So many carriers are counted by name, those that were met first: a label that comes from outside must have an end.
#: The large ones are met soon, and a name once counted is never taken back. Lanes that ask at once may each add one.
MOST_CARRIERS = 100


@dataclass(frozen=True, slots=True)
class Place:
    """Whose messages numbers are wanted for; ``shared`` is in the place of a tenant where opt-outs reach further."""

    tenant: str
    service: str
    shared: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """What Lookup has said of a number: its line's type by Twilio's name, ``invalid`` or ``unknown``; its carrier."""

    tenant: str
    number: E164
    line_type: str
    carrier: str | None
    now: datetime
    good_until: datetime


def to_look_up(connection: Connection[TupleRow], place: Place, numbers: Collection[E164], now: datetime) -> set[E164]:
    """Return which of the numbers are worth a question that costs money: nothing is known, and nothing bars them."""
    values = {**asdict(place), "numbers": sorted(filter(is_e164, numbers)), "now": now}
    return {E164(number) for (number,) in connection.execute(sql("numbers_to_look_up"), values)}


def remember(connection: Connection[TupleRow], found: Found) -> None:
    """Remember what Lookup has said, unless something newer is known."""
    connection.execute(sql("remember_line"), asdict(found))
    if found.carrier is not None:
        values = {"name": found.carrier, "now": found.now, "most": MOST_CARRIERS}
        connection.execute(sql("meet_carrier"), values)


def carriers_of(
    connection: Connection[TupleRow], numbers: Iterable[tuple[str, E164]]
) -> Mapping[tuple[str, E164], str | None]:
    """Return the carriers of numbers, given with their tenants, as Lookup last told them.

    A carrier that is not counted by its name is None; a number whose carrier was never told is not there.
    """
    wanted = sorted(set(numbers))
    if not wanted:
        return {}
    values = {"tenants": [tenant for tenant, _ in wanted], "numbers": [number for _, number in wanted]}
    rows = connection.execute(sql("carriers_of_numbers"), values)
    return {(tenant, E164(number)): carrier for tenant, number, carrier in rows}


def known_line(connection: Connection[TupleRow], tenant: str, number: E164, now: datetime) -> str | None:
    """Return what is known of a number's line; None when nothing is, or only something old."""
    row = connection.execute(sql("known_line"), {"tenant": tenant, "number": number, "now": now}).fetchone()
    return None if row is None else str(row[0])


def remember_landlines(
    connection: Connection[TupleRow], configuration: Configuration, decided: Sequence[Decided], now: datetime
) -> None:
    """Remember numbers that turned out to be landlines, for services that want it, as long as they say.

    What was said of media is no word about texts: a message that is followed by an SMS with links is left out.
    """
    for one in sorted(decided, key=lambda each: (each.tenant, each.to_number)):
        service = configuration.services.get(one.service)
        days = service.landline_days if service else None
        if days is None or one.step.error_code not in _NO_MOBILE or not is_e164(one.to_number):
            continue
        values = {
            "tenant": one.tenant,
            "number": one.to_number,
            "message_id": one.message_id,
            "error_code": one.step.error_code,
            "now": now,
            "good_until": now + timedelta(days=days),
        }
        connection.execute(sql("remember_landline"), values)


def is_landline(connection: Connection[TupleRow], tenant: str, number: E164, now: datetime) -> bool:
    """Tell whether a number is taken for a landline: nothing is sent to it."""
    key = {"tenant": tenant, "number": number, "now": now}
    return connection.execute(sql("is_landline"), key).fetchone() == (True,)


def landlines(connection: Connection[TupleRow], tenant: str, *, now: datetime, limit: int) -> list[dict[str, Any]]:
    """Return the numbers that are taken for landlines, the last one found first."""
    with connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(sql("list_landlines"), {"tenant": tenant, "now": now, "limit": limit}).fetchall()


def clear(connection: Connection[TupleRow], tenant: str, number: E164) -> bool:
    """Forget, on an operator's word, what is known of a number's line; return whether there was anything."""
    return connection.execute(sql("forget_line"), {"tenant": tenant, "numbers": [number]}).rowcount > 0
