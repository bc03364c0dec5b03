"""The questions of a run: within the account's share, within the run's limits, and no more once Twilio has enough."""

import socket
import threading
from collections.abc import Callable

import pytest

from messaging_pipeline.configuration import Tenant
from messaging_pipeline.reconcile.questions import NotAnswered, Questions, requests_at_once
from messaging_pipeline.reconcile.report import Limits
from messaging_pipeline.twilio_api.client import TwilioApi
from tests.support.stand_in import A_SID, Received, Script, answering, refusing, resetting, stand_in

ACCOUNT_SID = "AC" + "a" * 32
TOLD = answering(200, {"sid": A_SID, "status": "sent", "direction": "outbound-api"})


def asking(
    script: Script, limits: Limits, use: Callable[[Questions], object], at_once: int = 1
) -> tuple[Questions, int]:
    """Ask a server with this script; return what became of the questions, and how many requests it saw."""
    with stand_in(script) as server:
        api = TwilioApi(ACCOUNT_SID, "token", server.url)
        questions = Questions(api, at_once, limits)
        use(questions)
        api.close()
        return questions, len(server.requests)


def in_turn(*scripts: Script) -> Script:
    waiting = list(scripts)

    def script(request: Received, connection: socket.socket) -> bool:
        return waiting.pop(0)(request, connection)

    return script


def fetch(times: int) -> Callable[[Questions], object]:
    return lambda questions: questions.fetch_all([A_SID] * times)


@pytest.mark.parametrize(
    ("concurrency", "share", "expected"),
    [(100, 0.1, 10), (15, 0.1, 1), (3, 0.1, 1), (20, 1, 20), (None, 0.1, 2), (None, 0.5, 10)],
)
def test_the_share_of_an_account_is_rounded_down_and_never_nothing(
    concurrency: int | None, share: float, expected: int
) -> None:
    tenant = Tenant(ACCOUNT_SID, "env:TOKEN", api_concurrency=concurrency, reconcile_share=share)
    assert requests_at_once(tenant) == expected


def test_a_run_asks_as_often_as_it_may_and_leaves_the_rest() -> None:
    questions, seen = asking(TOLD, Limits(requests=3), fetch(10))
    assert (seen, questions.asked, questions.unanswered, questions.ending) == (3, 3, 7, "limit")


def read_list(questions: Questions) -> None:
    with pytest.raises(NotAnswered):
        list(questions.pages("list"))


def test_a_list_that_leads_back_to_a_page_of_its_own_is_no_answer_and_is_not_read_for_ever() -> None:
    page = {"messages": [], "next_page_uri": f"/2010-04-01/Accounts/{ACCOUNT_SID}/Messages.json?PageToken=PAagain"}
    questions, seen = asking(answering(200, page), Limits(requests=50), read_list)
    assert (seen, questions.unanswered, questions.ending) == (2, 1, None)


def test_a_run_without_time_asks_nothing() -> None:
    questions, seen = asking(TOLD, Limits(seconds=0), fetch(2))
    assert (seen, questions.ending) == (0, "limit")


def test_a_throttled_question_ends_the_run() -> None:
    questions, seen = asking(refusing(429, 20429), Limits(), fetch(5))
    assert (seen, questions.ending, questions.unanswered) == (1, "throttled", 5)


def test_a_throttled_question_is_asked_again_where_somebody_waits_for_the_answer() -> None:
    answers = in_turn(refusing(429, 20429), refusing(429, 20429), TOLD)
    questions, seen = asking(answers, Limits(throttled_tries=3), fetch(1))
    assert (seen, questions.ending, questions.unanswered) == (3, None, 0)


def test_a_refused_account_ends_the_run() -> None:
    questions, seen = asking(refusing(401, 20003), Limits(), fetch(5))
    assert (seen, questions.ending) == (1, "refused")


def test_one_lost_answer_costs_one_message_and_three_in_a_row_the_run() -> None:
    answers = in_turn(resetting, TOLD, resetting, resetting, resetting)
    questions, seen = asking(answers, Limits(), fetch(8))
    assert (seen, questions.ending, questions.unanswered) == (5, "unreachable", 7)


def test_a_list_that_is_not_answered_ends_the_run() -> None:
    def read(questions: Questions) -> None:
        with pytest.raises(NotAnswered):
            list(questions.pages("list"))

    questions, _ = asking(resetting, Limits(), read)
    assert questions.ending == "unreachable"


def test_no_more_is_asked_at_once_than_the_share_allows() -> None:
    under_way, most, lock = 0, 0, threading.Lock()

    def counting(request: Received, connection: socket.socket) -> bool:
        nonlocal under_way, most
        with lock:
            under_way += 1
            most = max(most, under_way)
        goes_on = TOLD(request, connection)
        with lock:
            under_way -= 1
        return goes_on

    asking(counting, Limits(), fetch(40), at_once=3)
    assert most <= 3
