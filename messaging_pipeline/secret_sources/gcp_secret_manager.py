"""Secrets in Google's Secret Manager: ``gcp-sm:projects/P/secrets/S/versions/V``, or ``gcp-sm:S`` for short."""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from messaging_pipeline.secret_sources.calling import NEXT_DOOR, call
from messaging_pipeline.secret_sources.source import NoSecret

_PLACE = re.compile(
    r"(?:projects/(?P<project>[a-z0-9][a-z0-9:.-]*)/secrets/)?(?P<secret>[A-Za-z0-9_-]+)(?:/versions/(?P<version>[A-Za-z0-9_-]+))?"
)
_API = "https://secretmanager.googleapis.com"
_TOKEN_PATH = "/computeMetadata/v1/instance/service-accounts/default/token"  # noqa: S105 - a path, no secret
_FORBIDDEN, _NOT_FOUND = 403, 404
_REASONS = {
    401: ("may not be read with this access token", "check the token of the process"),
    _FORBIDDEN: ("may not be read by this service account", "grant it the role secretmanager.secretAccessor"),
    _NOT_FOUND: ("does not exist in Secret Manager", "correct the project, the name or the version"),
}


@dataclass(frozen=True, slots=True)
class GcpSecretManager:
    """Asks for a version of a secret, ``latest`` unless one is named, as the service account of this process."""

    environment: Mapping[str, str] = field(repr=False)

    def fetch(self, place: str) -> str:
        """Return a version of a secret; raises NoSecret."""
        url = f"{self._base_url()}/v1/{self._name(place)}:access"
        answer = call("Google's Secret Manager", "GET", url, {"Authorization": f"Bearer {self._token()}"})
        if not answer.is_ok:
            reason, remedy = _REASONS.get(
                answer.status, (f"is refused by Secret Manager (HTTP {answer.status})", "look at the secret's state")
            )
            raise NoSecret(reason, remedy)
        payload = answer.fields().get("payload")
        data = payload.get("data", "") if isinstance(payload, dict) else ""
        try:
            return base64.b64decode(str(data), validate=True).decode("utf-8")
        except ValueError:
            raise NoSecret("is not text", "keep the secret as text in UTF-8") from None

    def _base_url(self) -> str:
        return self.environment.get("CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER", _API).rstrip("/")

    def _name(self, place: str) -> str:
        parts = _PLACE.fullmatch(place)
        if parts is None:
            raise NoSecret("is no name of a secret", "write projects/PROJECT/secrets/SECRET/versions/VERSION")
        project = parts["project"] or self.environment.get("GOOGLE_CLOUD_PROJECT")
        if not project:
            raise NoSecret("is in no project", "set GOOGLE_CLOUD_PROJECT, or name the project in the reference")
        return f"projects/{project}/secrets/{parts['secret']}/versions/{parts['version'] or 'latest'}"

    def _token(self) -> str:
        """Take the access token that was handed in, or ask the metadata server for one."""
        if token := self.environment.get("GOOGLE_OAUTH_ACCESS_TOKEN"):
            return token
        host = self.environment.get("GCE_METADATA_HOST", "metadata.google.internal")
        answer = call(
            "Google's metadata server",
            "GET",
            f"http://{host}{_TOKEN_PATH}",
            {"Metadata-Flavor": "Google"},
            None,
            NEXT_DOOR,
        )
        token = answer.fields().get("access_token")
        if not answer.is_ok or not isinstance(token, str):
            raise NoSecret(
                f"cannot be read, since the metadata server gives no access token (HTTP {answer.status})",
                "give the process a service account",
            )
        return token
