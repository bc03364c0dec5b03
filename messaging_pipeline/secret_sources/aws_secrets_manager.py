"""Secrets in AWS Secrets Manager: ``aws-sm:NAME`` or ``aws-sm:ARN``, with ``#KEY`` where a secret holds several."""

import base64
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from messaging_pipeline.clock import SystemClock
from messaging_pipeline.secret_sources.aws_credentials import find_credentials
from messaging_pipeline.secret_sources.aws_signature import Scope, sign
from messaging_pipeline.secret_sources.calling import Answer, call
from messaging_pipeline.secret_sources.source import NoSecret

_ARN = re.compile(r"arn:aws[\w-]*:secretsmanager:([a-z0-9-]+):\d+:secret:.+")
_REGION = re.compile(r"[a-z0-9-]+")
_REASONS = {
    "ResourceNotFoundException": ("does not exist in AWS Secrets Manager", "correct the name, or the region"),
    "AccessDeniedException": ("may not be read by this role", "allow it secretsmanager:GetSecretValue"),
    "DecryptionFailure": ("may not be decrypted by this role", "allow it kms:Decrypt on the secret's key"),
}


@dataclass(frozen=True, slots=True)
class AwsSecretsManager:
    """Asks GetSecretValue; region, credentials and endpoint come from the variables of Amazon's SDKs."""

    environment: Mapping[str, str] = field(repr=False)
    now: Callable[[], datetime] = SystemClock().now

    def fetch(self, place: str) -> str:
        """Return the current version of a secret; raises NoSecret."""
        region = self._region(place)
        url = self._endpoint(region)
        body = json.dumps({"SecretId": place}).encode()
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "secretsmanager.GetSecretValue"}
        credentials = find_credentials(self.environment, region)
        scope = Scope(region, "secretsmanager")
        signed = sign("POST", urlsplit(url).netloc, headers, body, credentials=credentials, scope=scope, now=self.now())
        return _secret(call("AWS Secrets Manager", "POST", url + "/", signed, body))

    def _region(self, place: str) -> str:
        arn = _ARN.fullmatch(place)
        region = arn[1] if arn else self.environment.get("AWS_REGION") or self.environment.get("AWS_DEFAULT_REGION", "")
        if not _REGION.fullmatch(region):
            raise NoSecret("is in no region", "set AWS_REGION, or give the secret's ARN")
        return region

    def _endpoint(self, region: str) -> str:
        domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
        given = self.environment.get("AWS_ENDPOINT_URL_SECRETS_MANAGER") or self.environment.get("AWS_ENDPOINT_URL")
        return (given or f"https://secretsmanager.{region}.{domain}").rstrip("/")


def _secret(answer: Answer) -> str:
    fields = answer.fields()
    if not answer.is_ok:
        kind = str(fields.get("__type", "")).rpartition("#")[2]
        known = _REASONS.get(kind)
        reason, remedy = known or (f"is refused by AWS Secrets Manager (HTTP {answer.status})", "check role and region")
        raise NoSecret(reason, remedy)
    if isinstance(text := fields.get("SecretString"), str):
        return text
    try:
        return base64.b64decode(str(fields.get("SecretBinary", "")), validate=True).decode("utf-8")
    except ValueError:
        raise NoSecret("is not text", "keep the secret as a string") from None
