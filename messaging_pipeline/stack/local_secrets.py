"""Keys and made-up Twilio credentials of a local stack: drawn once, kept in its folder, for its owner only."""

import json
import os
import secrets
from dataclasses import asdict, dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet

from messaging_pipeline.errors import InvalidSettings

_FILE = "secrets.json"


@dataclass(frozen=True, slots=True)
class LocalSecrets:
    """What the simulator is told to accept, and the key that seals the bodies in the local database."""

    account_sid: str
    messaging_service_sid: str
    auth_token: str = field(repr=False)
    encryption_key: str = field(repr=False)


def local_secrets(folder: Path) -> LocalSecrets:
    """Return the secrets kept in ``folder``, drawing them when there are none yet.

    They stay the same from run to run: what was sealed must be opened, and exported variables stay true.
    Raises InvalidSettings when the file was tampered with.
    """
    path = folder / _FILE
    if path.exists():
        return _read(path)
    drawn = LocalSecrets(
        account_sid=f"AC{secrets.token_hex(16)}",
        messaging_service_sid=f"MG{secrets.token_hex(16)}",
        auth_token=secrets.token_hex(16),
        encryption_key=Fernet.generate_key().decode(),
    )
    _write_for_the_owner_only(path, json.dumps(asdict(drawn), indent=2) + "\n")
    return drawn


def _read(path: Path) -> LocalSecrets:
    try:
        return LocalSecrets(**json.loads(path.read_text()))
    except (ValueError, TypeError):
        remedy = "restore it, or delete it and with it the key to all bodies in the local database"
        raise InvalidSettings(str(path), "does not hold the secrets of a local stack", remedy) from None


def _write_for_the_owner_only(path: Path, text: str) -> None:
    """Write the whole file or none of it."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:  # noqa: PTH123
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)
