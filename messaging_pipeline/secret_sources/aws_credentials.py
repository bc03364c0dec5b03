"""Finds the credentials of a process on AWS where Amazon's own SDKs find them, in their order.

Keys in the environment, a web identity (EKS), the container's endpoint (ECS, EKS Pod Identity), the instance's
metadata (EC2). Profiles and single sign-on are for people; export their keys.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from messaging_pipeline.secret_sources.aws_signature import Credentials
from messaging_pipeline.secret_sources.calling import NEXT_DOOR, Answer, call
from messaging_pipeline.secret_sources.source import NoSecret

_METADATA = "http://169.254.169.254"
_CONTAINER = "http://169.254.170.2"
_ROLES = "/latest/meta-data/iam/security-credentials/"
_ROLE = re.compile(r"[\w+=,.@-]{1,64}")
_REMEDY = "give the process a role that may read the secret, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"


def find_credentials(environment: Mapping[str, str], region: str) -> Credentials:
    """Return the credentials of this process; raises NoSecret."""
    if "AWS_ACCESS_KEY_ID" in environment and "AWS_SECRET_ACCESS_KEY" in environment:
        return Credentials(
            environment["AWS_ACCESS_KEY_ID"],
            environment["AWS_SECRET_ACCESS_KEY"],
            environment.get("AWS_SESSION_TOKEN"),
        )
    if "AWS_WEB_IDENTITY_TOKEN_FILE" in environment and "AWS_ROLE_ARN" in environment:
        return _of_web_identity(environment, region)
    uri = environment.get("AWS_CONTAINER_CREDENTIALS_FULL_URI")
    if relative := environment.get("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"):
        uri = _CONTAINER + relative
    return _of_container(uri, environment) if uri else _of_instance(environment)


def _of_web_identity(environment: Mapping[str, str], region: str) -> Credentials:
    form = {
        "Action": "AssumeRoleWithWebIdentity",
        "Version": "2011-06-15",
        "RoleArn": environment["AWS_ROLE_ARN"],
        "RoleSessionName": environment.get("AWS_ROLE_SESSION_NAME", "messaging-pipeline"),
        "WebIdentityToken": _text_of(environment["AWS_WEB_IDENTITY_TOKEN_FILE"]),
    }
    url = environment.get("AWS_ENDPOINT_URL_STS", f"https://sts.{region}.amazonaws.com") + "/"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = call("AWS STS", "POST", url, headers, urlencode(form).encode())
    names = ("AccessKeyId", "SecretAccessKey", "SessionToken")
    found = {name: re.search(f"<{name}>([^<]+)</{name}>", answer.text) for name in names}
    return _credentials("AWS STS", answer, {name: match[1] for name, match in found.items() if match}, "SessionToken")


def _of_container(uri: str, environment: Mapping[str, str]) -> Credentials:
    token = environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
    if path := environment.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"):
        token = _text_of(path)
    answer = call(
        "the container's credentials endpoint", "GET", uri, {"Authorization": token} if token else {}, None, NEXT_DOOR
    )
    return _credentials("the container's credentials endpoint", answer, answer.fields(), "Token")


def _of_instance(environment: Mapping[str, str]) -> Credentials:
    whom = "the instance's metadata service"
    if environment.get("AWS_EC2_METADATA_DISABLED", "").lower() == "true":
        raise NoSecret("cannot be read, since there are no AWS credentials", _REMEDY)
    base = environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT", _METADATA).rstrip("/")
    ttl = {"X-aws-ec2-metadata-token-ttl-seconds": "60"}
    token = call(whom, "PUT", f"{base}/latest/api/token", ttl, None, NEXT_DOOR)
    headers = {"X-aws-ec2-metadata-token": token.text} if token.is_ok else {}
    role = call(whom, "GET", base + _ROLES, headers, None, NEXT_DOOR)
    name = role.text.strip()
    if not role.is_ok or not _ROLE.fullmatch(name):
        raise NoSecret("cannot be read, since this instance has no role", _REMEDY)
    answer = call(whom, "GET", base + _ROLES + name, headers, None, NEXT_DOOR)
    return _credentials(whom, answer, answer.fields(), "Token")


def _credentials(whom: str, answer: Answer, fields: Mapping[str, object], token: str) -> Credentials:
    key_id, secret, session = (fields.get(name) for name in ("AccessKeyId", "SecretAccessKey", token))
    if not (answer.is_ok and isinstance(key_id, str) and isinstance(secret, str) and isinstance(session, str)):
        raise NoSecret(f"cannot be read, since {whom} gives no credentials (HTTP {answer.status})", _REMEDY)
    return Credentials(key_id, secret, session)


def _text_of(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError):
        raise NoSecret("cannot be read, since the file with the token of this process cannot", _REMEDY) from None
