"""Every kind of inbound message with every side effect: the answer, the record, the ledger, the counts."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.queues import Queue
from tests.support.factories import configuration_file, worker_runtime
from tests.support.inbound_cases import PERSON, Answered, Line, ledger, opt_outs, stored
from tests.support.metric_deltas import Counting, callbacks
from tests.support.queued import all_queued, queued
from tests.support.webhook_tier import webhook_tier

SERVICE, OFFERS = "MG" + "a" * 32, "MG" + "b" * 32
CODE, TOLL_FREE, POOL = "78901", "+18885550123", "+12065550177"
HELP_TEXT = 'Ask "Ada" & <Bob> at https://example.com/?a=1&b=2 🎉\nReply STOP to end.'

CONFIG = f"""
[tenants.default.keywords]
more_stop = ["ALTO"]
stop_answer = "You will hear no more."
start_answer = "Welcome back."
help_answer = '''{HELP_TEXT}'''
stop_phrases = ["dejen de escribir"]

[services.default]
messaging_service_sid = "{SERVICE}"

[services.default.keywords.answers]
HOURS = "nine to six"

[services.offers]
messaging_service_sid = "{OFFERS}"
keywords = {{ opt_out_scope = "tenant" }}

[services.code]
from_number = "{CODE}"
twilio_handles_keywords = false

[services.free]
from_number = "{TOLL_FREE}"
"""


@dataclass(frozen=True)
class Case:
    """A text and what must come of it."""

    name: str
    body: str
    to: str
    answers: tuple[str, ...] = ()
    service: str | None = "default"
    keyword: str | None = None
    word: str | None = None
    effect: str | None = None
    flag: str | None = None
    consent: tuple[tuple[str, str], ...] = ()
    opted_out: frozenset[str] = frozenset()
    form: dict[str, str] = field(default_factory=dict)


def in_service(sid: str) -> dict[str, str]:
    return {"MessagingServiceSid": sid}


def opts_out(scope: str) -> dict[str, object]:
    return {
        "keyword": "stop",
        "effect": "withdrawn",
        "consent": (("withdrawn", scope),),
        "opted_out": frozenset({scope}),
    }


def opts_in(scope: str) -> dict[str, object]:
    return {"keyword": "start", "effect": "granted", "consent": (("granted", scope),)}


CASES = [
    Case("an ordinary text", "Is my table ready?", POOL, form=in_service(SERVICE)),
    Case("an empty text", "", POOL, form=in_service(SERVICE)),
    Case("STOP that Twilio answers", "Stop.", POOL, form=in_service(SERVICE), word="stop", **opts_out("default")),
    Case(
        "STOP that nobody answers", "STOP", CODE, ("You will hear no more.",), "code", word="stop", **opts_out("code")
    ),
    Case("STOP with more", "STOP 12345", CODE, service="code", flag="wish_in_words"),
    Case(
        "STOP in another language",
        "alto",
        POOL,
        ("You will hear no more.",),
        form=in_service(SERVICE),
        word="alto",
        **opts_out("default"),
    ),
    Case(
        "STOP for all services", "quit", POOL, service="offers", form=in_service(OFFERS), word="quit", **opts_out("*")
    ),
    Case("STOP to nobody knows whom", "STOP", POOL, word="stop", **opts_out("*")),
    Case("STOP on a toll-free number", "STOP", TOLL_FREE, service="free", word="stop", **opts_out("free")),
    Case(
        "STOP by Advanced Opt-Out",
        "Arrêter",
        CODE,
        service="code",
        form={"OptOutType": "STOP"},
        word="stop",
        **opts_out("code"),
    ),
    Case(
        "STOP from a short code",
        "STOP",
        CODE,
        service="code",
        form={"From": "32665"},
        keyword="stop",
        word="stop",
        flag="no_phone_number",
    ),
    Case("START that Twilio answers", "unstop", POOL, form=in_service(SERVICE), word="unstop", **opts_in("default")),
    Case("START that nobody answers", "Yes!", CODE, ("Welcome back.",), "code", word="yes", **opts_in("code")),
    Case(
        "START for all services", "start", POOL, service="offers", form=in_service(OFFERS), word="start", **opts_in("*")
    ),
    Case("START on a toll-free number", "START", TOLL_FREE, service="free", word="start", **opts_in("free")),
    Case("YES on a toll-free number", "YES", TOLL_FREE, service="free"),
    Case("HELP that Twilio answers", "help", POOL, form=in_service(SERVICE), keyword="help", word="help"),
    Case("HELP that nobody answers", "Info?", CODE, (HELP_TEXT,), "code", "help", "info"),
    Case(
        "HELP by Advanced Opt-Out",
        "HELP",
        CODE,
        service="code",
        form={"OptOutType": "HELP"},
        keyword="help",
        word="help",
    ),
    Case(
        "a keyword of one's own",
        " hours ",
        POOL,
        ("nine to six",),
        "default",
        "custom",
        "hours",
        form=in_service(SERVICE),
    ),
    Case("a keyword of another service", "hours", CODE, service="code"),
    Case("a wish in words", "please stop texting me", POOL, flag="wish_in_words", form=in_service(SERVICE)),
    Case("a wish in other words", "¡Dejen de escribir!", POOL, flag="wish_in_words", form=in_service(SERVICE)),
]


@pytest.fixture
def line(database_url: str, redis_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Line]:
    path = configuration_file(tmp_path, CONFIG)
    with (
        webhook_tier(REDIS_URL=redis_url, MESSAGING_CONFIG=path) as twilio,
        worker_runtime(clock, DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path) as runtime,
    ):
        yield Line(twilio, runtime, redis_url)


def counts(case: Case) -> list[tuple[Counting, int]]:
    answer_kind = case.keyword or "custom"
    return [
        (callbacks("taken", route="inbound"), 1),
        (Counting("messaging_inbound_total", kind="stored"), 1),
        (Counting("messaging_answers_total", kind=answer_kind), len(case.answers)),
        (Counting("messaging_keywords_total", kind=answer_kind), int(case.keyword is not None)),
        (Counting("messaging_inbound_flagged_total", reason=case.flag or "wish_in_words"), int(case.flag is not None)),
        (Counting("messaging_opt_outs_total", source="inbound"), len(case.opted_out)),
    ]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_text_has_all_its_effects_and_no_others(line: Line, case: Case) -> None:
    expected_counts = counts(case)
    said = line.say(case.body, To=case.to, **case.form)
    assert said == Answered(200, "text/xml", list(case.answers))
    assert all_queued(line.redis_url) == {"inbound": 1}
    assert line.work() == [True]
    assert stored(line.runtime) == [
        {
            "service": case.service,
            "keyword": case.keyword,
            "word": case.word,
            "effect": case.effect,
            "answered": bool(case.answers),
            "flag": case.flag,
        }
    ]
    proof = "SM" + "2" * 32
    assert ledger(line.runtime) == [(PERSON, change, scope, "inbound", proof) for change, scope in case.consent]
    assert opt_outs(line.runtime) == set(case.opted_out)
    assert [(counting.count, expected) for counting, expected in expected_counts if counting.count != expected] == []


@pytest.mark.parametrize("case", [case for case in CASES if case.consent], ids=lambda case: case.name)
def test_a_text_that_comes_again_by_any_door_is_no_news(line: Line, case: Case) -> None:
    for target in ("/twilio/inbound", "/twilio/fallback", "/twilio/t/default/inbound", "/twilio/inbound"):
        line.say(case.body, target=target, To=case.to, **case.form)
    assert line.work() == [True, False, False, False]
    assert (len(stored(line.runtime)), len(ledger(line.runtime))) == (1, 1)
    assert opt_outs(line.runtime) == set(case.opted_out)


def test_nothing_of_an_answered_text_lies_in_the_broker_in_clear(line: Line) -> None:
    line.say("hours", MessagingServiceSid=SERVICE)
    (task,) = queued(line.redis_url, Queue.INBOUND)
    assert task.arguments["answered"] is True
    assert [secret for secret in (PERSON[1:], "hours", "nine to six") if secret in task.text] == []
