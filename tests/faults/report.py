"""What a run found: for people on the terminal, and as JSON beside the logs for whoever looks into it."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path

from tests.faults.options import Options
from tests.faults.records import Records, Violation
from tests.faults.rules import RULES
from tests.faults.rules.rate import fullest_windows
from tests.faults.run import Outcome

_IDS_SHOWN = 8


def lines(options: Options, outcome: Outcome, violations: Sequence[Violation]) -> Iterator[str]:
    """Yield the report, line by line."""
    yield ""
    for name, figure in outcome.figures.items():
        yield f"  {name:<26} {figure}"
    yield from _statuses(outcome.records)
    yield ""
    for rule in RULES:
        broken = [one for one in violations if one.rule == rule]
        yield f"  {'BROKEN' if broken else 'holds '}  {rule}"
        yield from _details(broken)
    yield ""
    if violations:
        yield f"{len(violations)} violations; logs and evidence: {outcome.logs}"
    else:
        yield "0 lost, 0 sent twice, 0 wrong final status, every doubt true and settled, no window above the rate."
    yield f"seed {options.seed}; replay with: {options.command()}"


def write_evidence(records: Records, folder: Path) -> None:
    """Write the records as JSON, so that a violation can be looked into when all is gone."""
    document = {field.name: _plain(getattr(records, field.name)) for field in fields(records)}
    (folder / "evidence.json").write_text(json.dumps(document), "utf-8")


def _plain(value: object) -> object:
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return asdict(value) if hasattr(value, "__dataclass_fields__") else value  # type: ignore[call-overload]


def _statuses(records: Records) -> Iterator[str]:
    doubts = len({one.message_id for one in records.told if one.status == "unconfirmed"})
    lost = Counter(one.answer for one in records.creates if one.answer != "given")
    yield f"  {'creates':<26} {len(records.creates)}, {sum(one.created for one in records.creates)} made a message"
    yield f"  {'answers spoilt':<26} {dict(lost)}"
    yield f"  {'once unconfirmed':<26} {doubts}"
    yield f"  {'texts to us':<26} {len(records.texts_sent)}"
    windows = (f"{key} {most:.0f} of {allowed:g}" for key, (most, allowed) in fullest_windows(records).items())
    yield f"  {'fullest windows':<26} {', '.join(windows)} segments above the rate"
    yield f"  {'final statuses':<26} {dict(Counter(one.status for one in records.stored))}"


def _details(broken: Sequence[Violation]) -> Iterator[str]:
    for one in broken[:_IDS_SHOWN]:
        yield f"            {one.sentence}"
        yield from (f"              {message}" for message in one.messages[:_IDS_SHOWN])
    if len(broken) > _IDS_SHOWN:
        yield f"            and {len(broken) - _IDS_SHOWN} more"
