"""Doubt: only where there was reason for it, and never for ever."""

from tests.faults.records import Create, Death, Records, Tried, Violation

#: Of each worker of the crew.
THREADS = 8
_SPOILT = frozenset({"held", "reset", "truncated", "caller_gone", "error_after"})
_SERVER_ERROR = 500


def doubts_are_true(records: Records) -> list[Violation]:
    """An attempt that was ever in doubt had its answer spoilt, its worker killed, or its way cut off."""
    in_doubt = {event.message_id for event in records.told if event.status == "unconfirmed"}
    made_up = [
        message_id
        for message_id in in_doubt
        if not any(_is_true(records, tried) for tried in records.tries_of.get(message_id, ()))
    ]
    made_up += [
        tried.message_id for tried in records.tried if tried.outcome == "unconfirmed" and not _is_true(records, tried)
    ]
    found = tuple(sorted(set(made_up)))
    return [Violation("every doubt is a true one", f"{len(found)}: was in doubt without cause", found)] if found else []


def kills_cost_little(records: Records) -> list[Violation]:
    """A killed worker had at most one request under way on each of its threads; nothing else of its is in doubt."""
    found = []
    for death in records.deaths:
        under_way = tuple(one.message_id for one in records.tried if _was_under_way(one, death))
        if len(under_way) > THREADS:
            sentence = f"{death.name} ({death.pid}) had {len(under_way)} requests under way on {THREADS} threads"
            found.append(Violation("a kill costs one doubt a thread", sentence, under_way))
    return found


def doubts_are_settled(records: Records) -> list[Violation]:
    """Once all is quiet nothing is unconfirmed any more: there was evidence for all of it."""
    open_still = tuple(one.id for one in records.stored if one.status == "unconfirmed")
    if not open_still:
        return []
    return [Violation("every doubt is settled", f"{len(open_still)}: is still unconfirmed", open_still)]


def _is_true(records: Records, tried: Tried) -> bool:
    creates = [one for one in records.creates_of.get(tried.message_id, ()) if one.attempt == tried.number]
    return (
        any(_was_spoilt(create) for create in creates)
        or _worker_was_killed(records, tried)
        or _way_was_cut_off(records, tried)
    )


def _was_spoilt(create: Create) -> bool:
    return create.answer in _SPOILT or create.http_status >= _SERVER_ERROR


def _worker_was_killed(records: Records, tried: Tried) -> bool:
    return any(_was_under_way(tried, death) for death in records.deaths)


def _was_under_way(tried: Tried, death: Death) -> bool:
    is_its_own = death.pid == tried.worker_pid and tried.started_at <= death.at
    return is_its_own and not _finished_before(tried, death.at)


def _way_was_cut_off(records: Records, tried: Tried) -> bool:
    return any(
        outage.began <= (tried.finished_at or outage.began) and tried.started_at <= outage.ended
        for outage in records.api_outages
    )


def _finished_before(tried: Tried, moment: float) -> bool:
    return tried.finished_at is not None and tried.finished_at < moment
