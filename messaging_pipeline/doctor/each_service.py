"""One service after another."""

from collections.abc import Callable, Iterable, Iterator

from messaging_pipeline.configuration import Service
from messaging_pipeline.doctor.finding import Finding, skipped
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.errors import InvalidSettings


def each_service(patient: Patient, judge: Callable[[Patient, str, Service], Iterable[Finding]]) -> Iterator[Finding]:
    """Judge every service that is looked at; one whose account cannot be asked hides no other."""
    for key, service in patient.services.items():
        try:
            yield from judge(patient, key, service)
        except InvalidSettings:
            yield skipped(f"services.{key}", "the secret of its account is not there to ask with")
