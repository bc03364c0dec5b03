"""Which variables a local stack sets for its processes, beside those that the caller has set."""

from collections.abc import Mapping
from pathlib import Path

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.stack.local_secrets import LocalSecrets
from messaging_pipeline.stack.ports import LOOPBACK
from messaging_pipeline.stack.readiness import SimulatorAddress

_ACCOUNT = ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")


def is_set(environment: Mapping[str, str], name: str) -> bool:
    """Tell whether a variable is set; an empty one is not, as everywhere in this project."""
    return bool(environment.get(name, "").strip())


def talks_to_real_twilio(given: Mapping[str, str]) -> bool:
    """Tell whether the caller brings an account; without one the simulator stands in.

    Raises InvalidSettings when it is half an account.
    """
    missing = [name for name in _ACCOUNT if not is_set(given, name)]
    if len(missing) == 1:
        raise InvalidSettings(
            missing[0],
            "is not set, although the other half of the account is",
            f"set {' and '.join(_ACCOUNT)} for real Twilio, or neither for the simulator",
        )
    return not missing


def own_variables(given: Mapping[str, str], secrets: LocalSecrets, port: int) -> dict[str, str]:
    """Return where the webhooks listen, what seals the bodies, and the caller's file as every folder can find it."""
    made = {"PORT": str(port)}
    if is_set(given, "MESSAGING_CONFIG"):
        made["MESSAGING_CONFIG"] = str(Path(given["MESSAGING_CONFIG"].strip()).absolute())
    if not is_set(given, "MESSAGING_ENCRYPTION_KEYS"):
        made["MESSAGING_ENCRYPTION_KEYS"] = secrets.encryption_key
    return made


def simulated_account(given: Mapping[str, str], secrets: LocalSecrets, port: int) -> dict[str, str]:
    """Return the account that simulator and pipeline share, and our webhooks' URLs on ``port``."""
    made = {
        "TWILIO_ACCOUNT_SID": secrets.account_sid,
        "TWILIO_AUTH_TOKEN": secrets.auth_token,
        "TWILIO_STATUS_CALLBACK_URL": f"http://{LOOPBACK}:{port}/twilio/status",
        "TWILIO_STATUS_CALLBACK_PUBLIC_URL": f"http://{LOOPBACK}:{port}/twilio/status",
        "TWILIO_INBOUND_WEBHOOK_PUBLIC_URL": f"http://{LOOPBACK}:{port}/twilio/inbound",
    }
    if not is_set(given, "TWILIO_MESSAGING_SERVICE_SID"):
        made["TWILIO_MESSAGING_SERVICE_SID"] = secrets.messaging_service_sid
    return made


def simulated_services(given: Mapping[str, str], simulator: SimulatorAddress) -> dict[str, str]:
    """Return where the simulator's API is, and its mail server unless the caller sends e-mail otherwise.

    Its SendGrid's events are believed, unless the caller has a key of SendGrid's own.
    """
    made = {"TWILIO_API_BASE_URL": simulator.url}
    if not is_set(given, "SMTP_URL") and not is_set(given, "SENDGRID_API_KEY"):
        made["SMTP_URL"] = f"smtp://{LOOPBACK}:{simulator.smtp_port}"
    if not is_set(given, "SENDGRID_WEBHOOK_PUBLIC_KEY"):
        made["SENDGRID_WEBHOOK_PUBLIC_KEY"] = simulator.sendgrid_public_key
    if not is_set(given, "FALLBACK_EMAIL_FROM"):
        made["FALLBACK_EMAIL_FROM"] = "messaging-pipeline@example.com"
    return made
