"""Follows references to secrets, each place once for a process, and names what is wrong without showing a secret."""

from collections.abc import Mapping
from threading import Lock

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.secret_sources.aws_secrets_manager import AwsSecretsManager
from messaging_pipeline.secret_sources.gcp_secret_manager import GcpSecretManager
from messaging_pipeline.secret_sources.local import FirstLines, RenderedFiles, Variables
from messaging_pipeline.secret_sources.reference import Reference, parse_reference
from messaging_pipeline.secret_sources.source import NoSecret, Source, value_under


class SecretSources:
    """Every kind of place. What was fetched is kept: a change there counts when the process starts again."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Prepare; nothing is read and nobody asked yet."""
        self._sources: Mapping[str, Source] = {
            "env": Variables(environment),
            "file": FirstLines(),
            "vault-file": RenderedFiles(),
            "aws-sm": AwsSecretsManager(environment),
            "gcp-sm": GcpSecretManager(environment),
        }
        self._fetched: dict[tuple[str, str], str] = {}
        self._lock = Lock()

    def read(self, text: str) -> str:
        """Return the secret that a reference leads to; raises InvalidSettings naming the reference."""
        try:
            reference = parse_reference(text)
        except ValueError as error:
            raise InvalidSettings("MESSAGING_CONFIG", f"a reference to a secret {error}", "correct the file") from None
        setting = reference.place if reference.kind == "env" else text
        try:
            secret = self._secret(reference)
        except NoSecret as error:
            raise InvalidSettings(setting, error.reason, error.remedy) from None
        if not secret:
            raise InvalidSettings(setting, "holds no secret", f"put the secret there, as `{text}` promises")
        return secret

    def _secret(self, reference: Reference) -> str:
        fetched = self._text(reference.kind, reference.place)
        return (fetched if reference.key is None else value_under(reference.key, fetched)).strip()

    def _text(self, kind: str, place: str) -> str:
        with self._lock:
            if (kind, place) not in self._fetched:
                self._fetched[kind, place] = self._sources[kind].fetch(place)
            return self._fetched[kind, place]
