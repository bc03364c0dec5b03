"""What each answer of a ticket system, or its absence at each moment, proves; the same for all three."""

import json
import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from messaging_pipeline.tickets.contract import NotAnswered, Ticket, TicketSystem, Told
from tests.support.stand_in import Received, Script, answering, closing, never_answering, resetting, stand_in
from tests.support.ticket_systems import SECRET, USER
from tests.support.ticketed import ANN, KINDS, NUMBER, Kind, an_entry
from tests.support.tls import self_signed

SHORT_SECONDS = 0.2
COMPLAINT = {"error": f"no, not for {NUMBER}"}
TICKET = Ticket("101", "SUP-101")

Tell = Callable[[TicketSystem], Told]

by_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)


def create(system: TicketSystem) -> Told:
    return system.create(an_entry())


def append(system: TicketSystem) -> Told:
    return system.append(TICKET, an_entry())


by_request = pytest.mark.parametrize("tell", [create, append], ids=["create", "append"])


@contextmanager
def connected(kind: Kind, url: str, tls: ssl.SSLContext | None = None, **changes: float) -> Iterator[TicketSystem]:
    system = kind.connect(url, tls=tls, **changes)
    try:
        yield system
    finally:
        system.close()


@by_kind
@by_request
@pytest.mark.parametrize(
    ("status", "state"),
    [
        (301, "not_sent"),
        (307, "not_sent"),
        (400, "refused"),
        (401, "not_sent"),
        (403, "not_sent"),
        (408, "unconfirmed"),
        (409, "not_sent"),
        (413, "refused"),
        (422, "refused"),
        (429, "not_sent"),
        (500, "unconfirmed"),
        (502, "unconfirmed"),
        (503, "unconfirmed"),
    ],
)
def test_each_refusal_has_its_verdict_and_is_asked_for_once(kind: Kind, tell: Tell, status: int, state: str) -> None:
    script = answering(status, COMPLAINT, {"Location": "/elsewhere", "Retry-After": "0"})
    with stand_in(script) as server, connected(kind, server.url) as system:
        told = tell(system)
    assert (told.state, told.ticket) == (state, None)
    assert NUMBER not in told.explanation
    assert str(status) in told.explanation
    assert len(server.requests) == 1


@by_kind
@pytest.mark.parametrize(("tell", "state"), [(create, "not_sent"), (append, "refused")], ids=["create", "append"])
def test_nothing_there_is_a_wrong_address_for_a_new_ticket_and_a_ticket_that_is_gone(
    kind: Kind, tell: Tell, state: str
) -> None:
    with stand_in(answering(404, COMPLAINT)) as server, connected(kind, server.url) as system:
        assert tell(system).state == state


@by_kind
def test_a_yes_names_the_ticket(kind: Kind) -> None:
    with stand_in(answering(201, kind.says_created)) as server, connected(kind, server.url) as system:
        assert create(system).state == "taken"
        assert append(system) == Told("taken", create(system).explanation, TICKET)
    assert {request.headers["authorization"].partition(" ")[0] for request in server.requests} == {"Basic"}


@by_kind
@pytest.mark.parametrize("body", ["", "hello", "[]", {"ticket": 5, "result": None}, {"ticket": {"id": "../users"}}])
def test_a_yes_that_names_no_ticket_leaves_a_new_one_in_doubt(kind: Kind, body: object) -> None:
    with stand_in(answering(201, body)) as server, connected(kind, server.url) as system:
        assert create(system).state == "unconfirmed"


@by_kind
def test_a_yes_that_is_cut_short_leaves_a_new_ticket_in_doubt_and_not_what_was_added_to_a_known_one(kind: Kind) -> None:
    script = answering(200, json.dumps(kind.says_created)[:-1], missing_bytes=1)
    with stand_in(script) as server, connected(kind, server.url) as system:
        assert create(system).state == "unconfirmed"
        assert append(system).state == "taken"


@by_kind
@by_request
@pytest.mark.parametrize("script", [closing, resetting, never_answering])
def test_an_answer_that_does_not_come_leaves_the_entry_in_doubt(kind: Kind, tell: Tell, script: Script) -> None:
    with (
        stand_in(script) as server,
        connected(kind, server.url, read_timeout_seconds=SHORT_SECONDS) as system,
    ):
        assert tell(system).state == "unconfirmed"
    assert len(server.requests) == 1


@by_kind
@by_request
def test_an_answer_that_is_no_http_leaves_the_entry_in_doubt(kind: Kind, tell: Tell) -> None:
    def babbling(request: Received, connection: socket.socket) -> bool:
        connection.sendall(b"220 mail.example.com ESMTP\r\n")
        return False

    with stand_in(babbling) as server, connected(kind, server.url) as system:
        assert tell(system).state == "unconfirmed"


@by_kind
@by_request
def test_a_server_that_refuses_the_connection_was_not_reached(kind: Kind, tell: Tell) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with connected(kind, f"http://127.0.0.1:{port}") as system:
        told = tell(system)
        with pytest.raises(NotAnswered, match="no connection could be made"):
            system.find_open(ANN, None)
    assert told.state == "not_sent"
    assert told.explanation.endswith("was not reached: no connection could be made")


@by_kind
@pytest.mark.parametrize("known", [None, "101"])
@pytest.mark.parametrize(
    "script",
    [answering(500, "{}"), answering(401, "{}"), answering(200, "hello"), answering(301, "{}"), closing],
)
def test_a_look_up_without_a_useful_answer_is_none(kind: Kind, known: str | None, script: Script) -> None:
    with stand_in(script) as server, connected(kind, server.url) as system, pytest.raises(NotAnswered):
        system.find_open(ANN, known)
    assert len(server.requests) == 1


@by_kind
def test_what_an_answer_says_of_tickets_is_not_believed_unchecked(kind: Kind) -> None:
    strange = {"tickets": [5, {"id": "../x", "status": "open"}], "issues": "many", "result": [{"active": "true"}]}
    with stand_in(answering(200, strange)) as server, connected(kind, server.url) as system:
        assert system.find_open(ANN, None) is None


@by_kind
@pytest.mark.parametrize(("trusted", "state"), [(True, "taken"), (False, "not_sent")])
def test_the_secret_goes_only_to_a_server_whose_certificate_is_believed(
    kind: Kind, trusted: bool, state: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for_server, for_client = self_signed(tmp_path_factory.mktemp("tls"))
    with (
        stand_in(answering(201, kind.says_created), for_server) as server,
        connected(kind, server.url, for_client if trusted else None) as system,
    ):
        assert create(system).state == state
    assert len(server.requests) == int(trusted)


@by_kind
def test_neither_the_text_nor_the_secret_is_logged(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    with (
        caplog.at_level(logging.DEBUG),
        stand_in(answering(400, COMPLAINT)) as server,
        connected(kind, server.url) as system,
    ):
        create(system)
    assert not any(hidden in caplog.text for hidden in (NUMBER, "It does not ring.", SECRET, USER))
