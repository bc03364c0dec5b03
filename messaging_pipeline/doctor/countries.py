"""Whether each tenant's account may write to the countries that messaging.toml names."""

from collections.abc import Iterator, Mapping

from messaging_pipeline.configuration import Tenant
from messaging_pipeline.doctor.finding import Finding, error, ok, skipped
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.doctor.remote import untold
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.messages.countries import ELSEWHERE
from messaging_pipeline.messages.phone_numbers import US_TERRITORIES


def check_countries(patient: Patient) -> Iterator[Finding]:
    """Ask for each account's geo permissions; only countries that are named somewhere are judged."""
    for key, tenant in patient.tenants.items():
        about, named = f"tenants.{key}", named_countries(patient, key, tenant)
        if not named:
            yield skipped(about, "neither its countries nor a route names one")
            continue
        try:
            answer = patient.remote.of(key).registrations.countries()
        except InvalidSettings:
            yield skipped(about, "the secret of its account is not there to ask with")
            continue
        if isinstance(answer, Mapping):
            yield judge_countries(about, named, answer)
        else:
            yield untold(about, answer, "Twilio knows no geo permissions of this account", "look in Twilio's console")


def named_countries(patient: Patient, key: str, tenant: Tenant) -> set[str]:
    """Return the countries that a tenant's policy or routes name; the territories of the US count to it."""
    policy, services = tenant.countries, patient.services
    named = {*(policy.allowed or ()), *policy.caps} if policy else set()
    for route in patient.configuration.routes.values():
        for service, countries in route.items():
            if service in services and services[service].tenant == key:
                named.update(countries)
    if policy and policy.allowed is not None:
        named &= set(policy.allowed)
    return {"US" if one in US_TERRITORIES else one for one in named} - {ELSEWHERE}


def judge_countries(about: str, named: set[str], permissions: Mapping[str, bool]) -> Finding:
    """Say to which named countries Twilio would refuse every message (21408); of others it may say nothing."""
    closed = sorted(one for one in named if permissions.get(one) is False)
    if closed:
        told = f"the account may not write to {', '.join(closed)}, so Twilio refuses messages there (21408)"
        return error(about, told, "permit them in Twilio's console under Messaging, Settings, Geo permissions")
    return ok(about, f"the account may write to {', '.join(sorted(named))}")
