"""Every kind of command with every side effect: what is called, what is answered, what is remembered and counted."""

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.keyword_handlers.start import CallId
from messaging_pipeline.queues import Queue, Task
from tests.support.factories import SERVICE_SID, configuration_file, worker_runtime
from tests.support.handled import calls, replies
from tests.support.inbound_cases import PERSON, Line, ledger, stored, take_in, texts_in
from tests.support.metric_deltas import Counting
from tests.support.queued import queued, task_in
from tests.support.shop import shop
from tests.support.stand_in import Received, StandIn, answering, stand_in
from tests.support.webhook_tier import an_inbound, webhook_tier

MESSAGE_SID = "SM" + "2" * 32
TOKEN = f"keyword-{MESSAGE_SID}"
USAGE = "Write STATUS and the number of your order."

CONFIG = """
[tenants.default.keywords]
more_stop = ["ALTO"]

[services.default]
messaging_service_sid = "{service}"
inbound_tickets = "support"

[services.default.keywords.handlers.STATUS]
argument = "word"
max_length = 10
usage = "{usage}"
python = "tests.support.shop:status"

[services.default.keywords.handlers.ONCALL]
celery = {{ task = "oncall.page", queue = "oncall" }}

[services.default.keywords.handlers.ACK]
argument = "rest"
receiver = "oncall"

[receivers.oncall]
url = "{receiver}/keywords"
secret = "env:DESK"
private_addresses = true

[tickets.support]
system = "zendesk"
url = "http://127.0.0.1:9"
user = "pipeline@example.com"
secret = "env:DESK"
"""


@dataclass(frozen=True)
class Case:
    """A text and what must come of it; ``state`` is None where nothing is called."""

    name: str
    body: str
    word: str | None = None
    argument: str = ""
    by: str | None = None
    says: object = None
    state: str | None = None
    explanation: str | None = None
    reply: str | None = None
    at_once: tuple[str, ...] = ()
    ticket: bool = False
    effect: str | None = None
    flag: str | None = None
    form: dict[str, str] = field(default_factory=dict)


CASES = [
    Case(
        "a function that answers", " status: 4711. ", "status", "4711", "python", "It is on its way. 🎉",
        "answered", reply="It is on its way. 🎉",
    ),
    Case("a function that says nothing", "STATUS 4711", "status", "4711", "python", None, "handled"),
    Case(
        "a function that says too much", "STATUS 4711", "status", "4711", "python", "x" * 1601,
        "unanswered", "its reply must be a text of 1 to 1600 characters",
    ),
    Case(
        "a function that fails", "STATUS 4711", "status", "4711", "python", ValueError(PERSON),
        "waiting", "the function has raised ValueError",
    ),
    Case("an argument that is missing", "STATUS", "status", at_once=(USAGE,)),
    Case("an argument that is too long", "STATUS 12345678901", "status", at_once=(USAGE,)),
    Case("an argument that is a wish", "STATUS please stop texting me", "status", flag="wish_in_words"),
    Case("a task", "on-call", "oncall", "", "celery", None, "handled"),
    Case("a task with something behind it", "oncall tonight?", ticket=True),
    Case(
        "a receiver that answers", "ACK INC-2048", "ack", "INC-2048", "receiver", {"reply": "Thank you."},
        "answered", reply="Thank you.",
    ),
    Case("a receiver that says nothing", "ack inc-2048!", "ack", "inc-2048!", "receiver", {}, "handled"),
    Case(
        "a receiver with a strange answer", "ACK INC-2048", "ack", "INC-2048", "receiver", "<html>",
        "unanswered", "its answer is no JSON",
    ),
    Case(
        "a receiver that is asked to be left alone", "ACK don't text me again", "ack", "don't text me again",
        "receiver", {"reply": "Thank you."}, "unanswered", "the writer may have asked for silence",
        flag="wish_in_words",
    ),
    Case("a text without a keyword", "Where is my order?", ticket=True),
    Case("STOP with something behind it", "STOP 12345", ticket=True, flag="wish_in_words"),
    Case("STOP", "Stop.", "stop", effect="withdrawn"),
    Case("STOP in another language with something behind it", "ALTO 12", ticket=True),
    Case("what Twilio took for HELP", "STATUS 4711", "help", form={"OptOutType": "HELP"}),
    Case("a short code that writes", "STATUS 4711", ticket=True, form={"From": "32665"}),
]  # fmt: skip


@dataclass(frozen=True)
class Switched:
    """A line, and the receiver at its other end."""

    line: Line
    receiver: StandIn
    answer: dict[str, Any]


@pytest.fixture
def switched(database_url: str, redis_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Switched]:
    shop.reset()
    answer: dict[str, Any] = {}

    def saying(request: Received, connection: socket.socket) -> bool:
        return answering(200, answer["body"])(request, connection)

    with stand_in(saying) as receiver:
        text = CONFIG.format(service=SERVICE_SID, usage=USAGE, receiver=receiver.url)
        changes = {"REDIS_URL": redis_url, "MESSAGING_CONFIG": configuration_file(tmp_path, text), "DESK": "secret"}
        with (
            webhook_tier(**changes) as twilio,
            worker_runtime(clock, DATABASE_URL=database_url, **changes) as runtime,
        ):
            yield Switched(Line(twilio, runtime, redis_url), receiver, answer)


def work(line: Line) -> list[bool]:
    """Run what the inbound queue holds, and what that puts there; tell which messages were news."""
    news = [take_in(line.runtime, **one.arguments) for one in tasks(line, Task.RECEIVE)]
    for one in tasks(line, Task.RUN_KEYWORD):
        line.runtime.handling.run(CallId(**one.arguments))
    return news


def tasks(line: Line, name: Task) -> list[Any]:
    return [one for one in queued(line.redis_url, Queue.INBOUND) if one.name == name]


def told(case: Case) -> dict[str, str]:
    return {
        "tenant": "default",
        "service": "default",
        "number": PERSON,
        "word": case.word or "",
        "argument": case.argument,
        "sid": MESSAGE_SID,
        "token": TOKEN,
    }


def say(switched: Switched, case: Case) -> list[str]:
    switched.answer["body"] = case.says

    def says(call: object) -> object:
        if isinstance(case.says, Exception):
            raise case.says
        return case.says

    shop.says = says
    return switched.line.say(case.body, MessagingServiceSid=SERVICE_SID, **case.form).texts


def called_by(switched: Switched) -> dict[str, list[Any]]:
    """What each kind of handler was told."""
    with Redis.from_url(switched.line.redis_url) as broker:
        paged = [task_in(switched.line.redis_url, "oncall")] if broker.exists("oncall") else []
    found = {
        "python": [call.as_json() for call in shop.calls],
        "celery": [one.arguments for one in paged],
        "receiver": [json.loads(one.body) for one in switched.receiver.requests],
    }
    return {kind: of_it for kind, of_it in found.items() if of_it}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_command_has_all_its_effects_and_no_others(switched: Switched, case: Case) -> None:
    runtime = switched.line.runtime
    counted = Counting("messaging_keyword_calls_total", word=case.word or "", state=case.state or "")
    assert say(switched, case) == list(case.at_once)
    assert work(switched.line) == [True]
    assert called_by(switched) == ({case.by: [told(case)]} if case.by else {})
    assert calls(runtime) == ([(case.word, case.state, 1, case.explanation)] if case.state else [])
    assert replies(runtime) == ([(PERSON, "default", case.reply, {"intent": "reply"})] if case.reply else [])
    (message,) = stored(runtime)
    assert (message["word"], message["flag"], message["answered"]) == (case.word, case.flag, bool(case.at_once))
    assert [change for _, change, *_ in ledger(runtime)] == ([case.effect] if case.effect else [])
    assert len(tasks(switched.line, Task.RUN_TICKET)) == case.ticket
    assert counted.count == bool(case.state)


@pytest.mark.parametrize("case", [one for one in CASES if one.by], ids=lambda case: case.name)
def test_a_command_that_comes_again_by_any_door_is_owed_once(switched: Switched, case: Case) -> None:
    for target in ("/twilio/inbound", "/twilio/fallback", "/twilio/t/default/inbound"):
        form = {"MessagingServiceSid": SERVICE_SID, **case.form}
        switched.line.say(case.body, target=target, **form)
    switched.answer["body"] = case.says
    assert work(switched.line) == [True, False, False]
    work(switched.line)
    assert called_by(switched) == {case.by: [told(case)]}
    assert len(replies(switched.line.runtime)) <= 1


def test_the_webhooks_import_no_handler_and_know_how_it_is_used(redis_url: str, tmp_path: Path) -> None:
    text = CONFIG.format(service=SERVICE_SID, usage=USAGE, receiver="http://127.0.0.1:9")
    path = configuration_file(tmp_path, text.replace("tests.support.shop", "tests.support.nowhere"))
    with webhook_tier(REDIS_URL=redis_url, MESSAGING_CONFIG=path, DESK="secret") as twilio:
        form = an_inbound(Body="STATUS", From=PERSON, MessagingServiceSid=SERVICE_SID)
        assert texts_in(twilio.call("/twilio/inbound", form).text) == [USAGE]


def test_nothing_of_a_command_lies_in_our_queues_in_clear(switched: Switched) -> None:
    say(switched, CASES[0])
    work(switched.line)
    texts = [one.text for one in queued(switched.line.redis_url, Queue.INBOUND)]
    assert len(texts) == 2
    assert [secret for secret in (PERSON[1:], "4711", "on its way") for text in texts if secret in text] == []
