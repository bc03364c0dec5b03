"""The examination: every check in its order, each by itself, so that one that fails hides no other."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from messaging_pipeline.doctor.account import check_accounts
from messaging_pipeline.doctor.broker import check_broker
from messaging_pipeline.doctor.clocks import check_clocks
from messaging_pipeline.doctor.countries import check_countries
from messaging_pipeline.doctor.database import check_database
from messaging_pipeline.doctor.doors import check_doors
from messaging_pipeline.doctor.finding import Finding, error
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.doctor.registration import check_registrations
from messaging_pipeline.doctor.sealed_values import check_sealed_values
from messaging_pipeline.doctor.secrets_named import check_settings
from messaging_pipeline.doctor.senders import check_senders
from messaging_pipeline.doctor.service_settings import check_service_settings
from messaging_pipeline.doctor.timekeeper import check_redis
from messaging_pipeline.errors import InvalidSettings, PipelineError

Check = Callable[[Patient], Iterable[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("settings", check_settings),
    ("postgres", check_database),
    ("redis", check_redis),
    ("broker", check_broker),
    ("clocks", check_clocks),
    ("keys", check_sealed_values),
    ("webhooks", check_doors),
    ("accounts", check_accounts),
    ("services", check_service_settings),
    ("senders", check_senders),
    ("registration", check_registrations),
    ("countries", check_countries),
)
"""Every check by its name, in the order in which they are made."""


def examine(patient: Patient, *, fix: bool = False, checks: Sequence[tuple[str, Check]] = CHECKS) -> Iterator[Finding]:
    """Make every check, and yield what it finds; with ``fix``, make the changes that are safe."""
    for name, check in checks:
        for finding in _made(name, check, patient):
            yield replace(_fixed(finding) if fix else finding, check=name)


def _made(name: str, check: Check, patient: Patient) -> list[Finding]:
    found: list[Finding] = []
    try:
        found.extend(check(patient))
    except InvalidSettings as wrong:
        found.append(error(wrong.setting, wrong.reason, wrong.remedy))
    except PipelineError as wrong:
        found.append(error(name, str(wrong), "put that right, and ask again"))
    except Exception as wrong:  # noqa: BLE001 - a check that breaks must hide no other
        found.append(error(name, f"the check itself has failed ({type(wrong).__name__})", "report this as a bug"))
    return found


def _fixed(finding: Finding) -> Finding:
    if finding.change is None:
        return finding
    refusal = finding.change.make()
    if refusal is not None:
        return replace(finding, told=f"{finding.told}; it could not be changed: {refusal}")
    return replace(finding, state="ok", told=f"{finding.told}; changed: {finding.change.words}", cure=None, fixed=True)
