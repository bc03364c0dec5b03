"""A mail server on the loopback that speaks, or misbehaves, by a script: one answer for each moment."""

import socket
import struct
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Literal

#: ``text`` is the first line of a letter, and has no answer but misbehaviour; ``dot`` is the end of the letter.
Moment = Literal["greeting", "EHLO", "HELO", "STARTTLS", "AUTH", "MAIL", "RCPT", "DATA", "text", "dot", "QUIT"]


@dataclass(frozen=True)
class Answer:
    """Some bytes, and what the server does then; to hold is to say and read nothing more."""

    said: bytes = b""
    then: Literal["goes on", "closes", "resets", "holds"] = "goes on"


CLOSES = Answer(then="closes")
RESETS = Answer(then="resets")
HOLDS = Answer(then="holds")

_COURTEOUS: Mapping[Moment, Answer] = {
    "greeting": Answer(b"220 script\r\n"),
    "EHLO": Answer(b"250 script\r\n"),
    "HELO": Answer(b"250 script\r\n"),
    "MAIL": Answer(b"250 ok\r\n"),
    "RCPT": Answer(b"250 ok\r\n"),
    "DATA": Answer(b"354 go on\r\n"),
    "dot": Answer(b"250 taken\r\n"),
    "QUIT": Answer(b"221 bye\r\n", then="closes"),
}
_UNKNOWN = Answer(b"502 what?\r\n")


def says(line: str) -> Answer:
    """Answer with one line."""
    return Answer(line.encode() + b"\r\n")


@dataclass
class Script:
    """The running server: where it is, and which moments it came to."""

    port: int
    answers: Mapping[Moment, Answer]
    moments: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"smtp://127.0.0.1:{self.port}"


@contextmanager
def smtp_script(answers: Mapping[Moment, Answer]) -> Iterator[Script]:
    """Run the server for one connection; it is courteous except where ``answers`` says otherwise."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)  # so that a long letter does not fit
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        script = Script(listener.getsockname()[1], {**_COURTEOUS, **answers})
        thread = threading.Thread(target=_serve, args=(listener, script))
        thread.start()
        try:
            yield script
        finally:
            script.over.set()
            with suppress(OSError):  # macOS: a listener is not connected
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            thread.join()


def _serve(listener: socket.socket, script: Script) -> None:
    with suppress(OSError):
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as lines:
            if not _answer(script, connection, "greeting"):
                return
            in_letter = False
            for line in lines:
                moment = _moment(line, in_letter)
                if moment == "text" and "text" not in script.answers:
                    continue
                if not _answer(script, connection, moment):
                    return
                in_letter = moment == "DATA" and script.answers["DATA"].said.startswith(b"354")


def _moment(line: bytes, in_letter: bool) -> str:
    if in_letter:
        return "dot" if line == b".\r\n" else "text"
    return line.split(b" ")[0].strip().decode("latin-1").upper()


def _answer(script: Script, connection: socket.socket, moment: str) -> bool:
    """Do what the script says, and tell whether the conversation goes on."""
    script.moments.append(moment)
    answer = next((answer for name, answer in script.answers.items() if name == moment), _UNKNOWN)
    connection.sendall(answer.said)
    if answer.then == "resets":
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    if answer.then == "holds":
        script.over.wait()
    return answer.then == "goes on"
