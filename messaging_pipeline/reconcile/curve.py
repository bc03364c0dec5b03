"""When a message that has gone quiet is asked about next, and when nobody asks any more."""

from datetime import datetime, timedelta

from messaging_pipeline.configuration import ReconcilePolicy

_FIRST_SEARCH_SECONDS = 30.0


def is_given_up(last_news_at: datetime, policy: ReconcilePolicy, now: datetime) -> bool:
    """Tell whether nothing was heard for so long that nothing more is expected."""
    return now - last_news_at >= timedelta(seconds=policy.give_up_after_seconds)


def next_check(last_news_at: datetime, checks: int, policy: ReconcilePolicy, now: datetime) -> datetime:
    """Return when to ask again after ``checks`` questions that brought no news; always later than ``now``.

    Points that have gone by are left out: nobody asks twice for having been late. The last point before giving up
    is the moment of giving up, since then a message is asked about once more.
    """
    position = max(checks, 0)
    age = (now - last_news_at).total_seconds()
    while (point := _point(position, policy)) <= age:
        position += _steps_to(age, point, policy)
    give_up = policy.give_up_after_seconds
    return last_news_at + timedelta(seconds=min(point, give_up) if give_up > age else point)


def next_search(started_at: datetime, deadline: datetime, policy: ReconcilePolicy, now: datetime) -> datetime:
    """Return when to look again for a message that may have been sent.

    Until its deadline the pause doubles, beginning with half a minute, and the deadline itself is never passed by;
    from then on the usual curve holds.
    """
    if now >= deadline:
        return next_check(started_at, 0, policy, now)
    age = max((now - started_at).total_seconds(), _FIRST_SEARCH_SECONDS)
    return min(now + timedelta(seconds=age), deadline)


def _point(position: int, policy: ReconcilePolicy) -> float:
    """The curve's points in seconds of age: those of the policy, then the last one again and again."""
    points = policy.ask_after_seconds
    last = len(points) - 1
    return points[position] if position <= last else points[last] * (position - last + 1)


def _steps_to(age: float, point: float, policy: ReconcilePolicy) -> int:
    """How many points lie between: one at a time on the policy's own, all at once on the repeated ones."""
    last = policy.ask_after_seconds[-1]
    return max(1, int((age - point) / last)) if point > last else 1
