"""Hands letters to a mail server over SMTP (RFC 5321), and knows when it cannot know whether one was taken."""

import re
import smtplib
import socket
import ssl

from messaging_pipeline.clock import Clock, SystemClock
from messaging_pipeline.fallback.addresses import is_plain_mailbox, parse_sender
from messaging_pipeline.fallback.letters import Letter, Posted
from messaging_pipeline.fallback.smtp_connection import Patience, SmtpConnection
from messaging_pipeline.fallback.smtp_message import write_message
from messaging_pipeline.fallback.smtp_url import parse_smtp_url
from messaging_pipeline.trust import public_trust

_LAST_DOT = b".\r\n"
_LEADING_DOT = re.compile(rb"^\.", re.MULTILINE)

#: Refusals that are about our login and not about the letter (RFC 4954, section 6).
_ANOTHER_LOGIN_WANTED = frozenset({530, 534, 535, 538})

# The first digit of a reply (RFC 5321, 4.2.1).
_TAKEN, _GO_ON, _NOT_NOW, _NEVER = 2, 3, 4, 5


class SmtpPostbox:
    """A mail server that takes letters; one connection for each letter, so that threads share nothing.

    Until the dot that ends a letter has been sent, the server has no letter: whatever breaks before is
    ``not_sent``. After the dot only the server's answer tells, and an answer that does not come is ``unconfirmed``.
    """

    def __init__(
        self,
        url: str,
        sender: str,
        patience: Patience | None = None,
        *,
        clock: Clock | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        """Read the settings; nothing is connected yet. ``tls`` replaces the public trust store.

        Raises InvalidSettings, naming ``SMTP_URL`` or ``FALLBACK_EMAIL_FROM``.
        """
        self._server = parse_smtp_url(url)
        self._sender = parse_sender(sender)
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()
        self._tls = tls or public_trust()

    def post(self, letter: Letter) -> Posted:
        """Send one letter."""
        if not is_plain_mailbox(letter.to):
            return Posted("refused", "the address is not one that every mail server takes; nothing was sent")
        text = write_message(letter, self._sender, self._clock.now())
        try:
            connection = self._connect()
        except (OSError, ValueError) as error:  # ValueError: a challenge to our login that is not base64
            return Posted("not_sent", _explain(error))
        try:
            return self._hand_over(connection, letter.to, text)
        finally:
            connection.leave()

    def _connect(self) -> SmtpConnection:
        """Connect, encrypt and log in; raises OSError or ValueError."""
        connection = SmtpConnection(self._server, self._patience, self._tls)
        try:
            if self._server.encryption == "starttls":
                connection.starttls(context=self._tls)
            connection.ehlo_or_helo_if_needed()
            if self._server.login:
                connection.login(self._server.login.user, self._server.login.password)
        except BaseException:
            connection.hang_up()
            raise
        return connection

    def _hand_over(self, connection: SmtpConnection, to: str, text: bytes) -> Posted:
        """Give the letter to the server and hear what became of it.

        When sending the dot fails, the operating system has not taken its last byte, so no server can have it.
        """
        try:
            objection = self._announce(connection, to, len(text))
            if objection:
                return objection
            connection.send(_LEADING_DOT.sub(b"..", text))
            connection.send(_LAST_DOT)
        except OSError as error:
            connection.hang_up()  # and no QUIT, which would become a line of the letter
            return Posted("not_sent", _explain(error))
        return _hear_verdict(connection)

    def _announce(self, connection: SmtpConnection, to: str, size_bytes: int) -> Posted | None:
        """Say who writes to whom, and that the letter comes now; return the server's objection, if it has one."""
        size = f" SIZE={size_bytes}" if connection.has_extn("size") else ""  # RFC 1870
        for command, what, wanted in (
            (f"MAIL FROM:<{self._sender.address}>{size}", "the sender or the letter's size", _TAKEN),
            (f"RCPT TO:<{to}>", "the recipient", _TAKEN),
            ("DATA", "the letter", _GO_ON),
        ):
            code, _ = connection.docmd(command)
            if code // 100 != wanted:
                return _objection(code, what)
        return None


def _hear_verdict(connection: SmtpConnection) -> Posted:
    """Hear the answer to the dot; from here on, none means that the letter may be on its way."""
    try:
        code = connection.read_verdict()
    except OSError:
        return Posted("unconfirmed", "the mail server had the whole letter, and its answer did not come")
    if code // 100 == _TAKEN:
        return Posted("sent", f"the mail server took the letter ({code})")
    if code // 100 in {_NOT_NOW, _NEVER}:
        return _objection(code, "the letter")
    return Posted("unconfirmed", "the mail server had the whole letter, and its answer was not SMTP")


def _objection(code: int, what: str) -> Posted:
    """Judge an answer in our own words; the server's may repeat the address."""
    if code in _ANOTHER_LOGIN_WANTED:
        return Posted("not_sent", f"the mail server wants another login ({code}); check SMTP_URL")
    if code // 100 == _NEVER:
        return Posted("refused", f"the mail server refused {what} ({code})")
    if code // 100 == _NOT_NOW:
        return Posted("not_sent", f"the mail server would not take {what} for now ({code})")
    return Posted("not_sent", f"the mail server's answer to {what} was not SMTP")


#: What kept a letter from being handed over; the first kind that fits explains it.
_EXPLANATIONS: tuple[tuple[type[OSError | ValueError], str], ...] = (
    (socket.gaierror, "the mail server's name could not be resolved"),
    (TimeoutError, "the mail server did not answer in time"),
    (ConnectionRefusedError, "the mail server refused the connection"),
    (ssl.SSLError, "no TLS connection to the mail server could be made"),
    (smtplib.SMTPAuthenticationError, "the mail server did not accept the login; check SMTP_URL"),
    (smtplib.SMTPNotSupportedError, "the mail server offers no STARTTLS, or no login; check SMTP_URL"),
    (smtplib.SMTPResponseException, "the mail server did not let us begin"),
    (smtplib.SMTPServerDisconnected, "the mail server closed the connection"),
    (smtplib.SMTPException, "the mail server offers no way to log in that we know; check SMTP_URL"),
    (ConnectionError, "the connection to the mail server broke"),
    (OSError, "no connection to the mail server could be made"),
    (ValueError, "the mail server asked for our login in a way that makes no sense"),
)


def _explain(error: OSError | ValueError) -> str:
    if isinstance(error, smtplib.SMTPServerDisconnected) and isinstance(error.__context__, OSError):
        error = error.__context__  # smtplib hides a timeout behind its own name for a closed connection
    words = next(words for kind, words in _EXPLANATIONS if isinstance(error, kind))
    return f"{words} ({error.smtp_code})" if isinstance(error, smtplib.SMTPResponseException) else words
