"""A mail server on the loopback that keeps what it gets, made of aiosmtpd."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


@dataclass(frozen=True)
class Arrived:
    """One letter as it arrived: what was said around it, its bytes, and what a mail reader makes of them."""

    sender: str
    recipients: list[str]
    hello: str
    encrypted: bool
    raw: bytes
    message: EmailMessage

    @property
    def text(self) -> str:
        return cast("str", self.message.get_content()).replace("\r\n", "\n")


@dataclass
class MailServer:
    """Where the server is, and what it has."""

    port: int
    letters: list[Arrived] = field(default_factory=list)


class _Keeper:
    def __init__(self, letters: list[Arrived]) -> None:
        self._letters = letters

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = cast("bytes", envelope.original_content)
        self._letters.append(
            Arrived(
                sender=cast("str", envelope.mail_from),
                recipients=cast("list[str]", envelope.rcpt_tos),
                hello=cast("str", session.host_name),
                encrypted=session.ssl is not None,
                raw=raw,
                message=cast("EmailMessage", message_from_bytes(raw, policy=default)),
            )
        )
        return "250 kept"


class _OnAnyPort(Controller):
    """A Controller whose port the system chooses; aiosmtpd asks for it only when it is listening."""

    def _trigger_server(self) -> None:
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


@contextmanager
def mail_server(*, login: tuple[str, str] | None = None, **options: Any) -> Iterator[MailServer]:
    """Run the server; the options are aiosmtpd's (``ssl_context``, ``tls_context``, ``data_size_limit``, …)."""

    def check(server: object, session: object, envelope: object, mechanism: object, given: object) -> AuthResult:
        user, password = login or ("", "")
        return AuthResult(success=given == LoginPassword(user.encode(), password.encode()), handled=False)

    if login:
        options |= {"authenticator": check, "auth_required": True}
    kept = MailServer(port=0)
    controller = _OnAnyPort(_Keeper(kept.letters), hostname="127.0.0.1", port=0, ready_timeout=60, **options)
    controller.start()
    try:
        kept.port = controller.port
        yield kept
    finally:
        controller.stop()
