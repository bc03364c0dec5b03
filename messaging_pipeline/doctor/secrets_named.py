"""Whether what the settings name is there: accounts, senders, secrets by reference."""

from collections.abc import Iterator

from messaging_pipeline.doctor.finding import Finding, error, ok, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.errors import InvalidSettings


def check_settings(patient: Patient) -> Iterator[Finding]:
    """Follow every reference to a secret, and look for what is declared and cannot work."""
    if not patient.configuration.tenants:
        yield error(
            "TWILIO_ACCOUNT_SID",
            "is not set and no tenant is declared, so nothing can be sent and no callback verified",
            "set it and TWILIO_AUTH_TOKEN, or declare tenants in messaging.toml",
        )
    for key, service in patient.configuration.services.items():
        if patient.configuration.tenants and service.tenant not in patient.configuration.tenants:
            cure = "set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or give the service another tenant"
            yield error(f"services.{key}", f"its tenant {service.tenant!r} has no account", cure)
    yield from _secrets(patient)
    yield from _senders(patient)
    keys = len(patient.settings.sealing_keys())
    yield ok("MESSAGING_ENCRYPTION_KEYS", f"{keys} {'key' if keys == 1 else 'keys'}")


def _secrets(patient: Patient) -> Iterator[Finding]:
    found = 0
    for place, reference in _references(patient):
        try:
            patient.settings.read_secret(reference)
            found += 1
        except InvalidSettings as wrong:
            yield error(place, f"names a secret that is not there: {wrong.setting} {wrong.reason}", wrong.remedy)
    yield ok("secrets", f"{found} found where they are named")


def _references(patient: Patient) -> Iterator[tuple[str, str]]:
    """Every reference of the tenants that are looked at, with its place in the file."""
    for key, tenant in patient.tenants.items():
        for name in ("auth_token", "auth_token_secondary", "api_key_secret", "fcm_service_account"):
            if reference := getattr(tenant, name):
                yield f"tenants.{key}.{name}", reference
    for key, receiver in patient.configuration.receivers.items():
        if receiver.tenant in patient.tenants:
            yield f"receivers.{key}.secret", receiver.secret
    for key, desk in patient.configuration.tickets.items():
        if desk.tenant in patient.tenants:
            yield f"tickets.{key}.secret", desk.secret


def _senders(patient: Patient) -> Iterator[Finding]:
    for key, service in patient.services.items():
        if not service.has_sender:
            yield warning(
                f"services.{key}",
                "has nothing to send from",
                "give it a messaging_service_sid or a from_number",
            )
