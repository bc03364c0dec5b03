"""The page about commands at Twilio: what it maps the Twilio CLI to runs, one line after the other."""

import re
import shlex
from collections.abc import Iterator

import pytest

from messaging_pipeline.simulator.configuration import DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN, SimulatorConfig
from tests.support.commands import Finished, run_command
from tests.support.papers import paper
from tests.support.simulated_twilio import FAST, SERVICE, SimulatedTwilio, eventually, simulated_twilio

PAGE = paper("docs/twilio-commands.md")
COMMAND = re.compile(r"`messaging-pipeline (twilio [^`]+)`")
ASKED_FOR = {
    "login",
    "profiles:list",
    "profiles:use",
    "api:core:accounts:fetch",
    *(f"api:core:messages:{verb}" for verb in ("create", "fetch", "list", "remove")),
    *(f"api:messaging:v1:services:{verb}" for verb in ("create", "update", "list", "fetch")),
    *(f"api:messaging:v1:services:phone-numbers:{verb}" for verb in ("list", "create", "remove")),
    *(f"api:core:incoming-phone-numbers:{verb}" for verb in ("list", "fetch", "update")),
}


@pytest.fixture
def simulated() -> Iterator[SimulatedTwilio]:
    with simulated_twilio(SimulatorConfig(speed=FAST, smtp_port=None)) as running:
        yield running


def as_written(simulated: SimulatedTwilio) -> dict[str, str]:
    """What the page's names stand for: a finished message, a service, and a number of it."""
    message = simulated.client.messages(simulated.send().sid)
    eventually(lambda: message.fetch().status == "delivered")
    number = simulated.client.messaging.v1.services(SERVICE).phone_numbers.list()[0]
    return {"$message": message.fetch().sid, "$service": SERVICE, "$number": number.sid}


def run(simulated: SimulatedTwilio, command: str, names: dict[str, str]) -> Finished:
    environment = {
        "TWILIO_ACCOUNT_SID": DEFAULT_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": DEFAULT_AUTH_TOKEN,
        "TWILIO_API_BASE_URL": simulated.url,
    }
    return run_command(environment, *(names.get(word, word) for word in shlex.split(command)))


def test_every_command_of_the_twilio_cli_that_was_asked_for_is_on_the_page() -> None:
    named = re.findall(r"`twilio ([a-z0-9:-]+)`", "\n".join(left for left, _ in PAGE.table("Twilio CLI")))
    assert ASKED_FOR - set(named) == set()


def test_every_line_of_the_map_runs_in_its_order(simulated: SimulatedTwilio) -> None:
    names = as_written(simulated)
    commands = COMMAND.findall("\n".join(ours for _, ours in PAGE.table("Twilio CLI")))
    finished = {command: run(simulated, command, names) for command in commands}
    assert len(commands) > 12
    assert {command: (one.code, one.err) for command, one in finished.items() if (one.code, one.err) != (0, "")} == {}


def test_every_line_of_the_quick_reference_runs(simulated: SimulatedTwilio) -> None:
    names = as_written(simulated)
    simulated.client.messaging.v1.services(SERVICE).phone_numbers(names["$number"]).delete()
    commands = COMMAND.findall("\n".join(ours for _, ours in PAGE.table("what")))
    finished = {command: run(simulated, command, names) for command in commands}
    assert len(commands) > 7
    assert {command: (one.code, one.err) for command, one in finished.items() if (one.code, one.err) != (0, "")} == {}
