"""Notifications: what they carry, what each of Firebase's answers means, and what fits."""

import json
from typing import Any

import pytest

from messaging_pipeline.fallback.by_push import ByPush, short_text
from messaging_pipeline.fallback.fcm import Fcm, NoToken
from messaging_pipeline.fallback.letters import Posted
from tests.support.leaving import MESSAGE_ID, leaving
from tests.support.stand_in import Script, answering, closing, never_answering, resetting, stand_in

PUSH = {"channel": "push", "to": "a-device"}
STEP = f"{MESSAGE_ID}-1"


class Tokens:
    """Access tokens that cost nothing."""

    def __init__(self, *tokens: str) -> None:
        self.left = list(tokens)
        self.forgotten: list[str] = []

    def current(self) -> str:
        if not self.left:
            raise NoToken("Google gave no access token")
        return self.left[0]

    def forget(self, token: str) -> None:
        self.forgotten.append(token)


def pushed(url: str, step: dict[str, Any] = PUSH, tokens: Tokens | None = None, **changes: object) -> Posted:
    project = Fcm(url, "our-project", tokens or Tokens("a-token"), 0.3, 0.3)
    return ByPush({"default": project}).send(leaving(step, **changes))


def error(status: int, word: str | None = None) -> Script:
    details = [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": word}] if word else []
    return answering(status, {"error": {"code": status, "message": "a-device", "details": details}})


def carried(step: dict[str, Any], **changes: object) -> dict[str, Any]:
    with stand_in(answering(200, {})) as server:
        pushed(server.url, step, **changes)
    return dict(json.loads(server.requests[0].body)["message"])


def test_a_notification_names_the_device_the_words_and_the_step() -> None:
    with stand_in(answering(200, {"name": "projects/our-project/messages/0:17"})) as server:
        posted = pushed(server.url, {**PUSH, "title": "Booking", "data": {"screen": "orders"}})
    assert posted == Posted("sent", "Firebase took the notification (projects/our-project/messages/0:17)")
    (request,) = server.requests
    assert request.target == "/v1/projects/our-project/messages:send"
    assert request.headers["authorization"] == "Bearer a-token"
    assert json.loads(request.body) == {
        "message": {
            "token": "a-device",
            "notification": {"title": "Booking", "body": "Your table is ready."},
            "data": {"screen": "orders", "message_id": str(MESSAGE_ID), "step": STEP},
            "android": {"notification": {"tag": STEP}},
            "apns": {"headers": {"apns-collapse-id": STEP}},
        }
    }


def test_a_topic_takes_the_place_of_a_device_and_its_own_words_that_of_the_messages() -> None:
    message = carried({"channel": "push", "topic": "oncall", "body": "Somebody look."}, media_urls=["https://a.test/1"])
    assert (message["topic"], "token" in message) == ("oncall", False)
    assert message["notification"]["body"] == "Somebody look."


@pytest.mark.parametrize(
    ("script", "state"),
    [
        (answering(200, "not JSON"), "sent"),
        (answering(200, "{", missing_bytes=1000), "sent"),
        (answering(302, headers={"Location": "http://127.0.0.1:9/"}), "not_sent"),
        (error(400, "INVALID_ARGUMENT"), "refused"),
        (error(400), "refused"),
        (error(401), "not_sent"),
        (error(401, "THIRD_PARTY_AUTH_ERROR"), "not_sent"),
        (error(403), "not_sent"),
        (error(403, "SENDER_ID_MISMATCH"), "refused"),
        (error(404, "UNREGISTERED"), "refused"),
        (error(404), "not_sent"),
        (answering(404, "<html>"), "not_sent"),
        (error(408), "unconfirmed"),
        (error(429, "QUOTA_EXCEEDED"), "not_sent"),
        (error(500, "INTERNAL"), "unconfirmed"),
        (error(503, "UNAVAILABLE"), "unconfirmed"),
        (closing, "unconfirmed"),
        (resetting, "unconfirmed"),
        (never_answering, "unconfirmed"),
    ],
)
def test_each_answer_means_one_thing_and_none_is_asked_for_twice(script: Script, state: str) -> None:
    with stand_in(script) as server:
        posted = pushed(server.url)
    assert posted.state == state
    assert "a-device" not in posted.explanation
    assert len(server.requests) == 1


def test_firebase_out_of_reach_has_got_nothing() -> None:
    assert pushed("http://127.0.0.1:9").state == "not_sent"


def test_without_a_token_nothing_leaves() -> None:
    with stand_in(answering(200)) as server:
        assert pushed(server.url, tokens=Tokens()) == Posted("not_sent", "Google gave no access token")
    assert server.requests == []


def test_a_token_that_is_refused_is_not_used_again() -> None:
    tokens = Tokens("an-old-one")
    with stand_in(error(401)) as server:
        pushed(server.url, tokens=tokens)
    assert tokens.forgotten == ["an-old-one"]


def test_another_tenants_project_is_not_used() -> None:
    with stand_in(answering(200)) as server:
        assert pushed(server.url, tenant="acme").state == "refused"
    assert server.requests == []


@pytest.mark.parametrize(
    ("body", "links", "room", "text"),
    [
        ("Hi", ["https://a", "https://b"], 100, "Hi\nhttps://a\nhttps://b"),
        ("Hi", ["https://a", "https://b"], 15, "Hi\nhttps://a"),
        (None, ["https://a"], 100, "https://a"),
        ("Grüße an alle", [], 10, "Grüße" + "..."),
        ("Grüße", ["https://a"], 7, "Grüße"),
        (None, [], 10, ""),
    ],
)
def test_the_text_is_cut_where_it_must_and_no_link_is(body: str | None, links: list[str], room: int, text: str) -> None:
    assert short_text(body, links, room) == text


def test_the_longest_of_everything_still_fits() -> None:
    step = {**PUSH, "title": "😀" * 200, "data": {f"{n}" * 100: "😀" * 100 for n in range(5)}}
    message = carried(step, body="😀" * 1600, media_urls=["https://example.com/" + "a" * 900] * 10)
    assert len(json.dumps(message, ensure_ascii=False).encode()) <= 4096
    assert message["notification"]["body"].startswith("😀")
