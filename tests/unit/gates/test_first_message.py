"""Whether somebody must still be told how to opt out, and what becomes of a text that does not say it."""

import pytest

from messaging_pipeline.gates.first_message import ask, tells, with_opt_out_text
from messaging_pipeline.gates.verdict import Verdict
from messaging_pipeline.policies.compliance import FirstMessage
from tests.support.asking_gates import a_question

REPLY_STOP = "Reply STOP to opt out"


def said(when_missing: str = "block", *, body: str | None = "Hello", introduced: bool | None = False) -> Verdict:
    policy = FirstMessage(opt_out_text=REPLY_STOP, when_missing=when_missing)
    return ask(a_question(first_message=policy, body=body, introduced=introduced))


@pytest.mark.parametrize(("when_missing", "outcome"), [("append", "passes"), ("warn", "warns"), ("block", "refused")])
def test_a_first_message_that_does_not_say_it_is_what_the_policy_says(when_missing: str, outcome: str) -> None:
    verdict = said(when_missing)
    assert (verdict.outcome, bool(verdict.remedy)) == (outcome, outcome != "passes")
    assert said(when_missing, body=None).outcome == outcome


@pytest.mark.parametrize("when_missing", ["append", "warn", "block"])
def test_it_passes_when_it_says_it_or_when_they_have_been_told(when_missing: str) -> None:
    assert said(when_missing, body="Hello. Text STOP to end").reason == "the text says how to opt out"
    assert said(when_missing, introduced=True).reason == "the recipient has been told how to opt out"
    assert said(when_missing, introduced=None).reason == "looked up when the message is written down"


@pytest.mark.parametrize(("intent", "outcome"), [("otp", "passes"), ("reply", "passes"), ("offer", "refused")])
def test_what_they_asked_for_a_moment_ago_need_not_say_it(intent: str, outcome: str) -> None:
    policy = FirstMessage(opt_out_text=REPLY_STOP, when_missing="block")
    question = a_question(first_message=policy, body="Hello", introduced=False, tags={"intent": intent})
    assert ask(question).outcome == outcome


def test_a_service_without_a_policy_is_not_asked() -> None:
    assert ask(a_question(body="Hello", introduced=False)).outcome == "passes"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("Hi. Reply STOP to opt out", True),
        ("Hi. reply stop, to opt-out!", True),
        ("Hi. REPLY stop TO opt out.", True),
        ("Text UNSUBSCRIBE to leave", True),
        ("Do not stop here", False),
        ("STOPP", False),
        ("", False),
        (None, False),
    ],
)
def test_a_text_says_it_in_the_policys_words_or_by_a_stop_word_in_capitals(body: str | None, expected: bool) -> None:
    assert tells(FirstMessage(opt_out_text=REPLY_STOP), body) is expected


def test_the_text_of_another_language_is_known_by_its_own_words() -> None:
    policy = FirstMessage(opt_out_text="Antworte STOPP zum Abbestellen")
    assert tells(policy, "Ihr Tisch ist bereit. Antworte STOPP zum Abbestellen.")
    assert not tells(policy, "Ihr Tisch ist bereit. STOPP")


def test_the_opt_out_text_stands_on_a_line_of_its_own() -> None:
    policy = FirstMessage(opt_out_text=f" {REPLY_STOP} ")
    assert with_opt_out_text(policy, "Hello") == f"Hello\n{REPLY_STOP}"
    assert with_opt_out_text(policy, None) == REPLY_STOP


def test_a_text_without_room_for_it_is_refused() -> None:
    assert said("append", body="x" * (1600 - len(REPLY_STOP) - 1)).outcome == "passes"
    assert said("append", body="x" * (1600 - len(REPLY_STOP))).outcome == "refused"
