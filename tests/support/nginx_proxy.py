"""A real NGINX with the shipped configuration, its variables filled in for this machine."""

import os
import re
import shlex
import ssl
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path

from messaging_pipeline.stack.ports import free_ports
from tests.support.operators_programs import program
from tests.support.product_source import PROJECT
from tests.support.tls import self_signed
from tests.support.waiting import eventually

FOLDER = PROJECT / "docs" / "deploy" / "nginx"
TEMPLATE = FOLDER / "messaging-pipeline.conf.template"
VARIABLE = re.compile(r"\$\{([A-Z_]+)\}")
PUBLIC_NAME = "sms.example.com"

_PATIENCE_SECONDS = 60
_AROUND = """
daemon off;
{user}
pid nginx.pid;
error_log error.log;
events {{ worker_connections 256; }}
http {{
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include site.conf;
}}
"""


@dataclass(frozen=True)
class Answer:
    """What came back, and with which headers."""

    status: int
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Proxy:
    """A running NGINX: what it listens on, a client that trusts it, and the folder of its files."""

    https_port: int
    http_port: int
    trusting: ssl.SSLContext
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "access.log").read_text("utf-8")

    def ask(
        self, method: str, target: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send one request by TLS, addressed as Twilio addresses it."""
        return _ask(
            HTTPSConnection("127.0.0.1", self.https_port, timeout=_PATIENCE_SECONDS, context=self.trusting),
            method,
            target,
            body,
            headers,
        )

    def ask_in_clear(self, method: str, target: str) -> Answer:
        return _ask(HTTPConnection("127.0.0.1", self.http_port, timeout=_PATIENCE_SECONDS), method, target, None, None)


def shipped_variables() -> dict[str, str]:
    """What the example of the variables sets, as a shell reads it."""
    words = shlex.split((FOLDER / "nginx.env").read_text("utf-8"), comments=True)
    return dict(word.split("=", 1) for word in words)


@contextmanager
def nginx_before(webhooks_port: int, folder: Path, **changes: str) -> Iterator[Proxy]:
    """Run NGINX before a port of this machine; ``changes`` are variables of the shipped file."""
    _, trusting = self_signed(folder)
    https_port, http_port = free_ports(2)
    variables = {
        **shipped_variables(),
        "HTTPS_LISTEN": f"127.0.0.1:{https_port}",
        "HTTP_LISTEN": f"127.0.0.1:{http_port}",
        "TLS_CERTIFICATE": str(folder / "server.pem"),
        "TLS_KEY": str(folder / "server.pem"),
        "ACME_FOLDER": str(folder),
        "WEBHOOKS": f"127.0.0.1:{webhooks_port}",
        "ACCESS_LOG": str(folder / "access.log"),
        **changes,
    }
    site = VARIABLE.sub(lambda match: variables[match[1]], TEMPLATE.read_text("utf-8"))
    (folder / "site.conf").write_text(site, "utf-8")
    (folder / "nginx.conf").write_text(_AROUND.format(user="user root;" if os.geteuid() == 0 else ""), "utf-8")
    argv = [str(program("nginx")), "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    proxy = Proxy(https_port, http_port, trusting, folder)
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            eventually(lambda: _listens(process, proxy), "NGINX listening")
            yield proxy
        finally:
            process.terminate()
            process.wait(_PATIENCE_SECONDS)


def _listens(process: "subprocess.Popen[bytes]", proxy: Proxy) -> bool:
    assert process.poll() is None, (proxy.folder / "error.log").read_text("utf-8")
    try:
        return proxy.ask_in_clear("GET", "/").status == 403
    except OSError:
        return False


def _ask(
    connection: HTTPConnection, method: str, target: str, body: bytes | None, headers: Mapping[str, str] | None
) -> Answer:
    with closing(connection):
        connection.request(method, target, body, {"Host": PUBLIC_NAME, **(headers or {})})
        answer = connection.getresponse()
        answer.read()
        return Answer(answer.status, dict(answer.getheaders()))
