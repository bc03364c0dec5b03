"""What an operator sees of inbound messages: masked, without their texts unless asked for, the flagged ones apart."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.commands import Finished, run_command
from tests.support.factories import environment
from tests.support.inbound_cases import NOON, PERSON, hear_text, sid

HIDDEN = "+1•••0123"
WISH = "please stop texting me, I am at home"

Run = Callable[..., Finished]


@pytest.fixture
def run(database_url: str, redis_url: str) -> Run:
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)
    return lambda *arguments: run_command(given, *arguments)


@pytest.fixture(autouse=True)
def _written(runtime: WorkerRuntime) -> None:
    for number, body in enumerate(("STOP", "Is my table ready?", WISH)):
        hear_text(runtime, body, sid(number), NOON + timedelta(minutes=number))


def test_the_list_is_newest_first_and_masked(run: Run) -> None:
    listed = run("inbound", "list")
    header, *lines = listed.lines
    assert header.split() == ["SID", "RECEIVED", "FROM", "SERVICE", "KEYWORD", "EFFECT", "ANSWERED", "HANDLER", "FLAG"]
    assert [line.split() for line in lines] == [
        [sid(2), "2026-11-23", "12:02:00", HIDDEN, "default", "wish_in_words"],
        [sid(1), "2026-11-23", "12:01:00", HIDDEN, "default"],
        [sid(0), "2026-11-23", "12:00:00", HIDDEN, "default", "stop", "withdrawn"],
    ]
    assert "table" not in listed.out
    (newest, *_) = run("inbound", "list", "--json").json
    assert (newest["sid"], newest["from"], newest["flag"], "form" in newest) == (sid(2), PERSON, "wish_in_words", False)


def test_the_list_can_be_narrowed(run: Run) -> None:
    for options, count in ((["--limit", "1"], 1), (["--from", PERSON], 3), (["--from", "+14155550199"], 0)):
        assert len(run("inbound", "list", *options, "--json").json) == count
    assert run("inbound", "list", "--tenant", "acme", "--json").json == []


def test_a_flagged_message_is_listed_until_somebody_has_seen_it(run: Run) -> None:
    assert [one["sid"] for one in run("inbound", "list", "--flagged", "--json").json] == [sid(2)]
    assert run("inbound", "seen", sid(2)).out == "seen\n"
    assert run("inbound", "list", "--flagged", "--json").json == []
    assert "wish_in_words (seen)" in run("inbound", "show", sid(2)).out
    assert run("inbound", "seen", sid(2), "--json").json == {"tenant": "default", "sid": sid(2), "seen": False}
    assert run("inbound", "seen", sid(1)).out == "there was nothing to note\n"


def test_a_message_is_shown_with_its_text_only_when_asked_for(run: Run) -> None:
    shown = run("inbound", "show", sid(2))
    assert (WISH in shown.out, PERSON in shown.out, HIDDEN in shown.out) == (False, False, True)
    assert run("inbound", "show", sid(2), "--text").out.endswith(f"\n{WISH}\n")
    assert dict(run("inbound", "show", sid(2), "--text", "--json").json["form"])["Body"] == WISH
    assert "form" not in run("inbound", "show", sid(2), "--json").json


@pytest.mark.parametrize("arguments", [("show", sid(9)), ("show", sid(0), "--tenant", "acme")])
def test_a_message_that_is_not_there_is_refused(run: Run, arguments: tuple[str, ...]) -> None:
    refused = run("inbound", *arguments)
    assert (refused.code, refused.out) == (1, "")
    assert "there is no inbound message" in refused.err
