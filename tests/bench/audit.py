"""What must be true after each measurement, whatever the speed; each check returns sentences about what is not."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tests.bench.side import Side


def created_once(side: Side, recipients: Sequence[str], *, delivered: bool = False) -> list[str]:
    """Compare the store with the simulator's ledger: one create for each message, and the same SIDs."""
    ledger = side.bed.control.ledger()
    wrong = wrong_creates(recipients, side.sids(), ledger["creates"])
    if delivered:
        statuses = Counter(str(message["status"]) for message in ledger["messages"])
        wrong += [f"the simulator has {dict(statuses)}"] * (statuses != {"delivered": len(recipients)})
        wrong += all_delivered(side, len(recipients))
    return [f"{side.name}: {problem}" for problem in wrong]


def all_delivered(side: Side, count: int) -> list[str]:
    """Check that every message of the store is delivered."""
    delivered = side.counts().delivered
    return [f"{side.name}: {delivered} of {count} messages are delivered in the store"] * (delivered != count)


def all_taken(side: Side, answers: Mapping[str, int], count: int) -> list[str]:
    """Check that every callback was answered with 204."""
    return [f"{side.name}: callbacks were answered {dict(answers)}"] * (dict(answers) != {"204": count})


def wrong_creates(
    recipients: Sequence[str], sids: Mapping[str, str], creates: Iterable[Mapping[str, Any]]
) -> list[str]:
    """Compare what was handed over, what the store says and what the simulator was asked for."""
    made: dict[str, list[str]] = {}
    for create in creates:
        made.setdefault(str(create["to"]), []).append(str(create["sid"]))
    repeated = sum(len(of_one) > 1 for of_one in made.values())
    wrong = [f"{repeated} messages were created more than once"] * bool(repeated)
    missing = len(set(recipients) - made.keys())
    wrong += [f"{missing} messages were never created"] * bool(missing)
    strangers = len(made.keys() - set(recipients))
    wrong += [f"{strangers} messages were created that nobody had handed over"] * bool(strangers)
    other = sum([sids.get(to)] != made[to] for to in made)
    return wrong + [f"{other} messages have another SID in the store"] * bool(other)
