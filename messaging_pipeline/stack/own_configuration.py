"""The ``messaging.toml`` of a local stack whose caller has none: what is so at its simulator."""

from collections.abc import Mapping
from pathlib import Path

from messaging_pipeline.stack.child_environment import is_set
from messaging_pipeline.stack.local_secrets import local_secrets

_CALLERS_OWN = ("MESSAGING_CONFIG", "TWILIO_MESSAGING_SERVICE_SID", "TWILIO_FROM_NUMBER")

_TEXT = """\
# Written by `messaging-pipeline up` at each start, for its simulator. To change something, copy this file,
# and name the copy when you start: MESSAGING_CONFIG=messaging.toml make up

[tenants.default]
verify_service_sid = "{verify_service_sid}"   # one-time codes

[services.default]
messaging_service_sid = "{messaging_service_sid}"

[services.default.registration]    # as the simulator has it
ten_dlc = "approved"
toll_free = "verified"
"""


def own_configuration(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Write the file and return the variable that names it; nothing where the caller names a file or a sender."""
    if any(is_set(given, name) for name in _CALLERS_OWN):
        return {}
    service_sid = local_secrets(folder).messaging_service_sid
    path = folder.absolute() / "run" / "messaging.toml"
    path.write_text(_TEXT.format(messaging_service_sid=service_sid, verify_service_sid=f"VA{service_sid[2:]}"))
    return {"MESSAGING_CONFIG": str(path)}
