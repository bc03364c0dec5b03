"""The other side of the cloud secret stores: Amazon's and Google's answers over real HTTP, signatures checked."""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from messaging_pipeline.secret_sources.aws_signature import Credentials, Scope, sign

KEYS = Credentials("AKIATEST", "secret-key-of-the-process")
ROLE_KEYS = Credentials("ASIATEST", "secret-key-of-the-role", "session-token-of-the-role")
GOOGLE_TOKEN = "ya29.token-of-the-service-account"
IDENTITY_TOKEN = "token-that-kubernetes-mounts"
CONTAINER_TOKEN = "token-that-the-container-got"
INSTANCE_TOKEN = "token-of-the-metadata-service"
ROLES = "/latest/meta-data/iam/security-credentials/"

Reply = tuple[int, str]


@dataclass
class Cloud:
    """What is kept, what was asked, and what goes wrong: ``failures`` answers so many times with 503 first."""

    url: str = ""
    amazon: dict[str, dict[str, str]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    google: dict[str, bytes] = field(default_factory=dict)
    failures: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def host(self) -> str:
        return self.url.removeprefix("http://")


@contextmanager
def cloud() -> Iterator[Cloud]:
    """Run the stores and the metadata services on one port of the loopback."""
    stores = Cloud()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(b"")

        def do_PUT(self) -> None:
            self._answer(b"")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers["Content-Length"])))

        def _answer(self, body: bytes) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            stores.asked.append(f"{self.command} {self.path}")
            status, text = _reply(stores, self.command, self.path, headers, body)
            payload = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        stores.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield stores
        finally:
            server.shutdown()
            thread.join()


def _reply(stores: Cloud, method: str, path: str, headers: dict[str, str], body: bytes) -> Reply:
    if stores.failures:
        stores.failures -= 1
        return 503, "try again"
    if path.startswith("/v1/projects/"):
        return _google(stores, path, headers)
    if method != "POST":
        return _metadata(method, path, headers)
    if headers.get("content-type") == "application/x-www-form-urlencoded":
        return _web_identity(parse_qs(body.decode()))
    return _amazon(stores, headers, body)


def _amazon(stores: Cloud, headers: dict[str, str], body: bytes) -> Reply:
    if not _is_signed(headers, body):
        return 400, json.dumps({"__type": "InvalidSignatureException", "Message": "no"})
    name = json.loads(body)["SecretId"]
    if name in stores.forbidden:
        return 400, json.dumps({"__type": "AccessDeniedException", "Message": "no"})
    if headers["x-amz-target"] != "secretsmanager.GetSecretValue" or name not in stores.amazon:
        return 400, json.dumps({"__type": "com.amazonaws#ResourceNotFoundException", "Message": "no"})
    return 200, json.dumps({"Name": name, **stores.amazon[name]})


def _is_signed(headers: dict[str, str], body: bytes) -> bool:
    """Sign the request as it arrived, with the keys that it names, and compare."""
    region = headers["authorization"].split("/")[2]
    names = ("Content-Type", "X-Amz-Target")
    moment = datetime.strptime(headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    for keys in (KEYS, ROLE_KEYS):
        given = {name: headers[name.lower()] for name in names}
        scope = Scope(region, "secretsmanager")
        expected = sign("POST", headers["host"], given, body, credentials=keys, scope=scope, now=moment)
        if expected["Authorization"] == headers["authorization"]:
            return headers.get("x-amz-security-token") == keys.session_token
    return False


def _web_identity(form: dict[str, list[str]]) -> Reply:
    if form["WebIdentityToken"] != [IDENTITY_TOKEN] or form["Action"] != ["AssumeRoleWithWebIdentity"]:
        return 400, "<ErrorResponse/>"
    keys = {
        "AccessKeyId": ROLE_KEYS.access_key_id,
        "SecretAccessKey": ROLE_KEYS.secret_access_key,
        "SessionToken": str(ROLE_KEYS.session_token),
    }
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in keys.items())
    return (
        200,
        f"<R><AssumeRoleWithWebIdentityResult><Credentials>{inner}</Credentials></AssumeRoleWithWebIdentityResult></R>",
    )


def _metadata(method: str, path: str, headers: dict[str, str]) -> Reply:
    """What a process is told by the machine it runs on: Google's, a container's, an instance's."""
    if path.startswith("/computeMetadata/"):
        is_right = headers.get("metadata-flavor") == "Google"
        return (200, json.dumps({"access_token": GOOGLE_TOKEN})) if is_right else (403, "")
    if path == "/container":
        return (200, _role_keys()) if headers.get("authorization") == CONTAINER_TOKEN else (401, "")
    return _instance(method, path, headers)


def _instance(method: str, path: str, headers: dict[str, str]) -> Reply:
    if (method, path) == ("PUT", "/latest/api/token"):
        return 200, INSTANCE_TOKEN
    if headers.get("x-aws-ec2-metadata-token") != INSTANCE_TOKEN:
        return 401, ""
    return (200, "sender-role") if path == ROLES else (200, _role_keys())


def _role_keys() -> str:
    keys: dict[str, Any] = {"AccessKeyId": ROLE_KEYS.access_key_id, "SecretAccessKey": ROLE_KEYS.secret_access_key}
    return json.dumps({**keys, "Token": ROLE_KEYS.session_token, "Expiration": "2030-01-01T00:00:00Z"})


def _google(stores: Cloud, path: str, headers: dict[str, str]) -> Reply:
    if headers.get("authorization") != f"Bearer {GOOGLE_TOKEN}":
        return 401, json.dumps({"error": {"status": "UNAUTHENTICATED"}})
    name = path.removeprefix("/v1/").removesuffix(":access")
    if name in stores.forbidden:
        return 403, json.dumps({"error": {"status": "PERMISSION_DENIED"}})
    if name not in stores.google:
        return 404, json.dumps({"error": {"status": "NOT_FOUND"}})
    return 200, json.dumps({"name": name, "payload": {"data": base64.b64encode(stores.google[name]).decode()}})
