"""Each rule of the audit holds for a run in which all went well, and breaks for one in which one thing did not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.faults.records import (
    Create,
    Death,
    Life,
    Mailed,
    Owed,
    Pace,
    Records,
    Span,
    Stored,
    Told,
    Tried,
    Turn,
)
from tests.faults.rules import RULES, violations

LIVED = (Turn("accepted", 100.0, None), Turn("sent", 101.0, None), Turn("delivered", 102.0, None))
UNREACHABLE = (Turn("accepted", 100.0, None), Turn("sent", 101.0, None), Turn("undelivered", 102.0, 30003))


def owed(**changes: Any) -> Owed:
    return replace(Owed("m1", "plain", "alerts", "+12065550100"), **changes)


def stored(**changes: Any) -> Stored:
    message = Stored("m1", "alerts", "+12065550100", "delivered", "SM1", None, None, segments=1, created_at=99.0)
    return replace(message, **changes)


def tried(**changes: Any) -> Tried:
    return replace(Tried("m1", 1, 99.5, 100.1, "accepted", "SM1", worker_pid=7), **changes)


def told(status: str, at: float, **changes: Any) -> Told:
    return replace(Told("m1", status, "deliver", at), **changes)


def create(**changes: Any) -> Create:
    made = Create("m1", 1, 100.0, created=True, sid="SM1", http_status=201, error_code=None, answer="given")
    return replace(made, **changes)


def run(**changes: Any) -> Records:
    """A run of one message that was delivered, and of one text, with whatever is to be otherwise."""
    records = Records(
        owed=(owed(),),
        stored=(stored(),),
        tried=(tried(),),
        told=(told("pending", 99.0), told("accepted", 100.1), told("delivered", 102.0, source="callback")),
        creates=(create(),),
        lives=(Life("SM1", LIVED),),
        texts_sent=("SM9",),
        texts_stored=("SM9",),
        paces={"alerts": (Pace(0.0, 2.0, 3),)},
    )
    return replace(records, **changes)


def again(**changes: Any) -> dict[str, Any]:
    """A second create of the message, after the first one's end."""
    return {
        "creates": (create(), create(attempt=2, sid="SM2", received_at=110.0)),
        "lives": (Life("SM1", UNREACHABLE), Life("SM2", LIVED)),
        "stored": (stored(sid="SM2", live_from=2),),
        **changes,
    }


def lost_answer(**changes: Any) -> dict[str, Any]:
    """The message was in doubt once; with the changes it was so without cause."""
    return {"told": (told("pending", 99.0), told("unconfirmed", 100.1), told("delivered", 102.0)), **changes}


def burst(count: int, **changes: Any) -> dict[str, Any]:
    """So many creates in one moment."""
    return {
        "creates": tuple(create(received_at=100.0, sid=f"SM{i}", message_id=f"m{i}") for i in range(1, count + 1)),
        "stored": tuple(stored(id=f"m{i}", sid=f"SM{i}") for i in range(1, count + 1)),
        "lives": tuple(Life(f"SM{i}", LIVED) for i in range(1, count + 1)),
        **changes,
    }


def conversation(first_part: float, second_part: float) -> dict[str, Any]:
    return {
        "stored": (
            stored(sequence="s", created_at=90.0),
            stored(id="m2", sid="SM2", sequence="s", created_at=91.0),
        ),
        "creates": (
            create(received_at=first_part),
            create(message_id="m2", sid="SM2", received_at=second_part),
        ),
        "lives": (Life("SM1", LIVED), Life("SM2", LIVED)),
    }


GOOD: dict[str, dict[str, Any]] = {
    "one message": {},
    "a retry after 30003": again(),
    "a resend that the policy ordered": again(
        lives=(Life("SM1", LIVED[:2]), Life("SM2", LIVED)), told=(told("pending", 105.0, source="policy"),)
    ),
    "a late arrival of what was superseded": again(
        lives=(Life("SM1", (*UNREACHABLE, Turn("delivered", 111.0, None))), Life("SM2", UNREACHABLE)),
    ),
    "an arrival before the next attempt left": {
        "stored": (stored(sid=None, live_from=2),),
        "lives": (Life("SM1", (*UNREACHABLE, Turn("delivered", 103.0, None))),),
    },
    "an answer that was held": lost_answer(creates=(create(answer="held"),)),
    "an answer of 500": lost_answer(creates=(create(answer="given", http_status=500),)),
    "a worker that was killed": lost_answer(deaths=(Death(7, "deliver-1", 99.8),)),
    "an outage of the API": lost_answer(api_outages=(Span(100.05, 103.0),)),
    "a message that rests": {
        "owed": (owed(rests_at=("sent",)),),
        "stored": (stored(status="sent", given_up_at=200.0, reason="nothing more was heard"),),
        "lives": (Life("SM1", LIVED[:2]),),
    },
    "an opt-out": {
        "stored": (stored(status="suppressed", error_code=21610, reason="opted out"),),
        "lives": (Life("SM1", (Turn("failed", 100.2, 21610),)),),
        "told": (told("suppressed", 100.3),),
    },
    "as many at once as the bound allows": burst(7),
    "a conversation in order": conversation(100.0, 101.0),
    "a fallback mail": {"mails": (Mailed("m1", "sent", 1), Mailed("m2", "unconfirmed", 0))},
    "a refusal": {
        "stored": (stored(status="failed", sid=None, error_code=21614, reason="not a mobile number"),),
        "creates": (create(created=False, sid=None, http_status=400, error_code=21614),),
        "lives": (),
    },
    "a hold": {
        "owed": (owed(kind="held"),),
        "creates": (create(created=False, sid=None, error_code=21606, http_status=400), create(received_at=120.0)),
    },
    "a pause": {"pauses": {"alerts": (Span(110.0, 120.0),)}},
}

BAD: list[tuple[str, dict[str, Any]]] = [
    ("nothing is lost", {"stored": ()}),
    ("nothing is lost", {"not_handed_over": ("m2",)}),
    ("nothing is lost", {"stored": (stored(status="sent"),), "lives": (Life("SM1", LIVED[:2]),)}),
    ("nothing is lost", {"stored": (stored(sid="SM5"),)}),
    ("nothing is lost", {"creates": (create(), create(message_id="m5", sid="SM5"))}),
    ("nothing ends without a reason", {"stored": (stored(status="expired", sid=None),), "creates": ()}),
    (
        "nothing ends without a reason",
        {
            "owed": (owed(rests_at=("sent",)),),
            "stored": (stored(status="sent"),),
            "lives": (Life("SM1", LIVED[:2]),),
        },
    ),
    ("nothing is sent twice", again(lives=(Life("SM1", LIVED), Life("SM2", LIVED)))),
    ("nothing is sent twice", again(creates=(create(), create(sid="SM2", received_at=110.0)))),
    ("nothing is sent twice", again(creates=(create(), create(attempt=2, sid="SM2", received_at=101.5)))),
    (
        "nothing is sent twice",
        again(lives=(Life("SM1", (Turn("undelivered", 101.0, 30005),)), Life("SM2", LIVED))),
    ),
    ("nothing is sent after its time", {"stored": (stored(expires_at=97.0),)}),
    ("nothing is sent after it was withdrawn", {"owed": (owed(canceled_at=99.0),)}),
    ("nothing is sent after it was withdrawn", {"owed": (owed(canceled_at=101.0),)}),
    ("nothing is sent after an opt-out", {"told": (told("suppressed", 90.0),)}),
    ("every status is what the other side says", {"stored": (stored(status="sent"),)}),
    ("every status is what the other side says", {"stored": (stored(sid="SM2"),)}),
    ("every status is what the other side says", {"lives": (Life("SM1", UNREACHABLE),)}),
    (
        "every status is what the other side says",
        {
            "stored": (stored(status="undelivered", error_code=30005),),
            "lives": (Life("SM1", UNREACHABLE),),
        },
    ),
    ("every status is what the other side says", {"creates": (), "lives": ()}),
    ("every doubt is a true one", lost_answer()),
    ("every doubt is a true one", lost_answer(deaths=(Death(8, "deliver-2", 99.8),))),
    ("every doubt is a true one", lost_answer(deaths=(Death(7, "deliver-1", 100.2),))),
    ("every doubt is a true one", lost_answer(api_outages=(Span(101.0, 103.0),))),
    ("every doubt is a true one", {"tried": (tried(outcome="unconfirmed"),)}),
    (
        "a kill costs one doubt a thread",
        {
            "deaths": (Death(7, "deliver-1", 100.0),),
            "tried": tuple(tried(message_id=f"m{number}") for number in range(9)),
        },
    ),
    ("every doubt is settled", {"stored": (stored(status="unconfirmed", sid=None),)}),
    ("no window is above the rate", burst(8)),
    ("a paused service rests", {"pauses": {"alerts": (Span(97.0, 120.0),)}}),
    ("a hold costs no message", {"owed": (owed(kind="held"),)}),
    (
        "a hold costs no message",
        {
            "owed": (owed(kind="held"),),
            "stored": (stored(status="failed", sid=None, error_code=21606, reason="wrong"),),
            "creates": (create(created=False, sid=None, error_code=21606),),
        },
    ),
    ("conversations leave in order", conversation(101.0, 100.0)),
    ("every text to us is stored once", {"texts_stored": ()}),
    ("every text to us is stored once", {"texts_stored": ("SM9", "SM9")}),
    ("every text to us is stored once", {"texts_stored": ("SM9", "SM8")}),
    ("no fallback mail is sent twice", {"mails": (Mailed("m1", "sent", 2),)}),
    ("no fallback mail is sent twice", {"mails": (Mailed("m1", "sent", 0),)}),
    ("no fallback mail is sent twice", {"mails": (Mailed("m1", "waiting", 0),)}),
    ("every process holds out", {"surprises": ("deliver-1 ended with exit status 1",)}),
    ("messaging-pipeline audit agrees", {"own_audit": "exit code 1"}),
]


@pytest.mark.parametrize("changes", GOOD.values(), ids=GOOD.keys())
def test_every_rule_holds_when_all_went_well(changes: dict[str, Any]) -> None:
    assert violations(run(**changes)) == []


@pytest.mark.parametrize(("rule", "changes"), BAD)
def test_a_rule_breaks_when_one_thing_went_wrong(rule: str, changes: dict[str, Any]) -> None:
    broken = RULES[rule](run(**changes))
    assert broken
    assert {violation.rule for violation in broken} == {rule}


def test_each_rule_is_shown_to_be_able_to_break() -> None:
    assert {rule for rule, _ in BAD} == RULES.keys()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_no_rule_minds_a_run_in_which_nothing_happened(rule: Callable[[Records], list[Any]]) -> None:
    assert rule(Records()) == []
