"""Notifications through Google's own tokens to a server that answers as Firebase does."""

from collections.abc import Iterator

import pytest

from messaging_pipeline.fallback.by_push import ByPush
from messaging_pipeline.fallback.fcm import Fcm
from messaging_pipeline.fallback.google_tokens import GoogleTokens
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.simulator.configuration import SimulatorConfig
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from tests.support.leaving import leaving
from tests.support.stand_in import answering, stand_in


@pytest.fixture(scope="module")
def firebase() -> Iterator[str]:
    with simulator_in_thread(SimulatorConfig(smtp_port=None)) as simulator:
        yield simulator.url


@pytest.fixture
def control(firebase: str) -> Iterator[SimulatorControl]:
    with SimulatorControl(firebase) as control:
        control.reset()
        yield control


def channel(control: SimulatorControl, url: str, project: str = "simulated-project", **account: str) -> ByPush:
    tokens = GoogleTokens({**control.service_account(), **account})
    return ByPush({"default": Fcm(url, project, tokens)})


def push(channel: ByPush, to: str = "a-device") -> Posted:
    return channel.send(leaving({"channel": "push", "to": to}))


def test_a_notification_arrives_as_it_was_sent(control: SimulatorControl, firebase: str) -> None:
    posted = push(channel(control, firebase))
    assert posted.state == "sent"
    assert posted.explanation.startswith("Firebase took the notification (projects/simulated-project/messages/")
    (arrived,) = control.pushes()
    assert (arrived["token"], arrived["notification"]["body"]) == ("a-device", "Your table is ready.")


@pytest.mark.parametrize(
    ("to", "state"),
    [
        ("unregistered:1", "refused"),
        ("mismatch:1", "refused"),
        ("invalid:1", "refused"),
        ("quota:1", "not_sent"),
        ("unavailable:1", "unconfirmed"),
    ],
)
def test_each_of_firebases_errors_means_one_thing(
    control: SimulatorControl, firebase: str, to: str, state: str
) -> None:
    assert push(channel(control, firebase), to).state == state
    assert control.pushes() == []


def test_a_token_is_asked_for_anew_after_it_was_refused(control: SimulatorControl, firebase: str) -> None:
    ours = channel(control, firebase)
    assert push(ours).state == "sent"
    control.reset()  # which knows none of the tokens that it gave out before
    assert [push(ours).state, push(ours).state] == ["not_sent", "sent"]


def test_a_project_that_is_not_there_takes_nothing(control: SimulatorControl, firebase: str) -> None:
    posted = push(channel(control, firebase, project="another-project"))
    assert (posted.state, "no such project" in posted.explanation) == ("not_sent", True)


@pytest.mark.parametrize("changed", [{"client_email": "somebody@example.com"}, {"token_uri": "http://127.0.0.1:9/x"}])
def test_an_account_that_google_does_not_know_gets_no_token(
    control: SimulatorControl, firebase: str, changed: dict[str, str]
) -> None:
    assert push(channel(control, firebase, **changed)) == Posted(
        "not_sent", "Google gave no access token for the service account; check its key and token_uri"
    )
    assert control.pushes() == []


def test_a_token_is_not_asked_for_where_a_redirect_leads(control: SimulatorControl, firebase: str) -> None:
    with stand_in(answering(307, headers={"Location": f"{firebase}/oauth2/token"})) as elsewhere:
        assert push(channel(control, firebase, token_uri=f"{elsewhere.url}/oauth2/token")).state == "not_sent"
        assert len(elsewhere.requests) == 1
