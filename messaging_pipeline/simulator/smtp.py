"""A mail server that keeps what it gets; some local parts make it refuse."""

import asyncio
from email import message_from_bytes, policy
from typing import Any, cast
from weakref import WeakSet

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from messaging_pipeline.simulator.mail import BOUNCES, FAILS_FOR_NOW, Mail, local_part
from messaging_pipeline.simulator.simulated_time import unix_now
from messaging_pipeline.simulator.stage import Stage

_REFUSALS = {
    BOUNCES: "550 5.1.1 No such mailbox",
    FAILS_FOR_NOW: "451 4.3.0 Try again later",
}


class Postman:
    """Takes mail from aiosmtpd and puts it into the present world's mailbox."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        """Accept a recipient, or refuse as its local part asks."""
        refusal = _REFUSALS.get(local_part(address))
        if refusal is None:
            envelope.rcpt_tos.append(address)
        return refusal or "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        """Keep the mail."""
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        parsed = message_from_bytes(content, policy=policy.default)
        body = parsed.get_body(("plain", "html"))
        text = body.get_content().replace("\r\n", "\n") if body else ""
        for address in envelope.rcpt_tos:
            mail = Mail(envelope.mail_from or "", address, str(parsed.get("Subject", "")), text, unix_now())
            self._stage.world.mailbox.deliver(mail)
        return "250 OK"


def _let_in(*_whoever: Any) -> AuthResult:
    return AuthResult(success=True)


class MailServer:
    """An SMTP server inside the running loop."""

    def __init__(self, stage: Stage) -> None:
        self._postman = Postman(stage)
        self._server: asyncio.Server | None = None
        self._connections: WeakSet[SMTP] = WeakSet()

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port; raises OSError when it is taken."""
        self._server = await asyncio.get_running_loop().create_server(self._connection, host, port)
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Hang up on everybody and listen no more."""
        if self._server is not None:
            self._server.close()
        for connection in self._connections:
            if connection.transport is not None:
                cast("asyncio.Transport", connection.transport).abort()

    def _connection(self) -> SMTP:
        connection = SMTP(self._postman, hostname="mail.simulator", auth_require_tls=False, authenticator=_let_in)
        self._connections.add(connection)
        return connection
