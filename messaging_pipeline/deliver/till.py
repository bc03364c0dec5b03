"""The till: an attempt is counted towards its limits by the commit that opens it, or it is not opened."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline import meters
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.deliver.attempts import Attempt, Opening, take_back
from messaging_pipeline.deliver.claims import ClaimedMessage
from messaging_pipeline.gates.limits import without_price, without_room
from messaging_pipeline.gates.order import weightiest
from messaging_pipeline.gates.question import sender_of
from messaging_pipeline.gates.verdict import Answer
from messaging_pipeline.spending.allowance import Allowance, Parcel, allowance_of


def allowance_now(
    configuration: Configuration, message: ClaimedMessage, now: datetime, *, has_media: bool = False
) -> Allowance | None:
    """Return what a message costs and counts towards; while it is sealed, it is taken for one without media."""
    service = configuration.services[message.service]
    parcel = Parcel(message.to_number, sender_of(service, message.from_number), message.segments, has_media)
    return allowance_of(configuration, message.service, service, parcel, now)


def used_now(
    pool: Pool, configuration: Configuration, messages: Sequence[ClaimedMessage], now: datetime
) -> Mapping[str, Decimal]:
    """Return how much is used of the limits of one service's messages.

    It is a look ahead, so that what must wait uses up nobody's tokens; what is exact comes with the attempt.
    """
    allowances = [allowance_now(configuration, message, now) for message in messages]
    draws = [draw for allowance in allowances if allowance is not None for draw in allowance.draws]
    if not draws:
        return {}
    with pool.connection() as connection:
        return meters.used(connection, configuration.services[messages[0].service].tenant, draws)


def ring_up(connection: Connection[TupleRow], attempt: Attempt, opening: Opening) -> Answer | None:
    """Count an attempt that has just been opened; where there is no room, take it back and say what becomes of it."""
    allowance, message = opening.allowance, attempt.message
    if allowance is None:
        return None
    before = meters.draw(connection, message.tenant, message.id, attempt.number, allowance.draws)
    answer = _weighed(allowance, before)
    if answer is not None:
        meters.undraw(connection, message.id, attempt.number)
        take_back(connection, attempt)
    return answer


def _weighed(allowance: Allowance, used: Mapping[str, Decimal]) -> Answer | None:
    """What the two gates say, now that it is counted; None if both let it through."""
    said = {
        "country": without_room(allowance.velocity, used, None),
        "spend": without_price(allowance) or without_room(allowance.spend, used, None),
    }
    answers = [Answer(gate, verdict) for gate, verdict in said.items() if verdict is not None]
    return weightiest(answers) if answers else None
