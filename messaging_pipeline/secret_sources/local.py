"""Secrets on this machine: variables, files of one secret, and the JSON files that a Vault agent renders."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from messaging_pipeline.secret_sources.source import NoSecret


@dataclass(frozen=True, slots=True)
class Variables:
    """``env:NAME``."""

    environment: Mapping[str, str] = field(repr=False)

    def fetch(self, place: str) -> str:
        """Return a variable's value, empty when it is not set."""
        return self.environment.get(place, "")


class FirstLines:
    """``file:PATH``: the first line of a file, such as one that Docker or Kubernetes mounts."""

    def fetch(self, place: str) -> str:
        """Return the first line; raises NoSecret."""
        return _read(place).partition("\n")[0]


class RenderedFiles:
    """``vault-file:PATH#KEY``: a JSON object that a Vault agent keeps in a file."""

    def fetch(self, place: str) -> str:
        """Return the whole file; raises NoSecret."""
        return _read(place)


def _read(place: str) -> str:
    try:
        return Path(place).read_text("utf-8-sig")
    except OSError as error:
        raise NoSecret(
            f"holds no secret ({error.strerror})", "put the secret there, readable for this process"
        ) from None
    except UnicodeDecodeError:
        raise NoSecret("is not UTF-8", "keep the secret there as plain text") from None
