"""Explaining says what would become of a message, and neither writes nor sends anything."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline import InvalidInput, Pipeline
from messaging_pipeline.consent.ledger import withdraw
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.services import steer
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.consenting import NUMBER, a_withdrawal
from tests.support.delivering import creates
from tests.support.factories import SERVICE_SID, a_send, configuration_file, environment, settings

ALWAYS_QUIET_AT_FOUR = f'{QUICK_SERVICE}[quiet_hours]\n[services.default.registration]\nten_dlc = "approved"\n'


def explained(runtime: WorkerRuntime, **send: Any) -> dict[str, Any]:
    found = runtime.base.explaining.explain(a_send(**send))
    assert runtime.base.tracing.messages(tenant="default") == []
    return found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {one["gate"]: one["outcome"] for one in found["gates"]}


def test_it_names_the_way_out_the_weight_and_every_gate(sending: WorkerRuntime, simulator: Simulator) -> None:
    found = explained(sending, body="Your “table” is ready.")
    assert found["sender"] == {"kind": "Messaging Service", "value": SERVICE_SID}
    assert (found["country"], found["service"], found["service_state"]) == ("US", "default", "on")
    assert (found["encoding"], found["segments"], found["characters_forcing_ucs2"]) == ("UCS-2", 1, ["“", "”"])
    assert verdicts(found) == {
        "sender": "warns",
        "campaign": "passes",
        "first_message": "passes",
        "consent": "passes",
        "number_health": "passes",
        "country": "passes",
        "spend": "passes",
        "quiet_hours": "passes",
    }
    assert (found["verdict"], found["next_allowed_at"]) == ("warns", sending.base.clock.now())
    assert creates(simulator) == []


def test_smart_encoding_is_weighed_beside_the_body_as_it_is(sending: WorkerRuntime) -> None:
    found = explained(sending, body="x" * 159 + "—")
    assert (found["segments"], found["segments_with_smart_encoding"]) == (3, 1)


def test_it_tells_when_quiet_hours_end(make_runtime: RuntimeMaker) -> None:
    found = explained(make_runtime(ALWAYS_QUIET_AT_FOUR))
    assert (found["verdict"], f"{found['next_allowed_at']:%H:%M}") == ("waits", "16:00")


def test_an_opt_out_refuses(sending: WorkerRuntime) -> None:
    now = sending.base.clock.now()
    in_transaction(sending.base.pool, lambda connection: withdraw(connection, [a_withdrawal(number=NUMBER)], now))
    found = explained(sending, to=NUMBER)
    assert (found["verdict"], found["next_allowed_at"], verdicts(found)["consent"]) == ("refused", None, "refused")


def test_a_drained_service_refuses(sending: WorkerRuntime) -> None:
    steer.drain(sending.base.pool, ServiceKey("default"), sending.base.clock.now())
    sending.base.board.forget()
    found = explained(sending)
    assert (found["verdict"], found["service_accepting"], found["next_allowed_at"]) == ("refused", False, None)


def test_what_a_send_would_refuse_before_any_gate_is_refused_the_same_way(sending: WorkerRuntime) -> None:
    with pytest.raises(InvalidInput) as refusal:
        explained(sending, to="+1415")
    assert refusal.value.field == "to"


def test_python_takes_the_arguments_of_a_send(database_url: str, redis_url: str) -> None:
    with Pipeline(settings(DATABASE_URL=database_url, REDIS_URL=redis_url)) as pipeline:
        found = pipeline.explain(to="+442071234567", body="Hello", from_="Acme", tags={"intent": "otp"})
    assert (found["verdict"], found["sender"]["kind"]) == ("passes", "alphanumeric sender")


@pytest.fixture
def surroundings(database_url: str, redis_url: str, tmp_path: Path) -> dict[str, str]:
    path = configuration_file(tmp_path, f"{QUICK_SERVICE}[services.default.registration]\nten_dlc = 'pending'\n")
    return environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)


def explain(surroundings: dict[str, str], *arguments: str) -> Finished:
    return run_command(surroundings, "explain", *arguments)


def test_the_command_shows_it_to_people_with_the_number_masked(surroundings: dict[str, str]) -> None:
    ended = explain(surroundings, "+442071234567", "Größe “L”", "--from", "Acme", "--tag", "intent=otp")
    assert (ended.code, ended.err) == (0, "")
    assert ended.lines[:5] == [
        "to        +44•••4567 (GB)",
        "service   default/default, on",
        "sender    alphanumeric sender Acme",
        "content   1 segment(s), UCS-2, because of “ (U+201C) ” (U+201D); 1 with Smart Encoding",
        "verdict   passes",
    ]
    assert ended.lines[7].split() == ["GATE", "VERDICT", "REASON"]


def test_the_command_says_that_a_stopped_service_must_be_resumed_first(surroundings: dict[str, str]) -> None:
    assert run_command(surroundings, "services", "pause", "default").code == 0
    ended = explain(surroundings, "+442071234567", "Hello", "--from", "Acme")
    assert (ended.code, "leaves    when the service is resumed" in ended.lines) == (0, True)
    later = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)
    ended = explain(surroundings, "+442071234567", "Hello", "--from", "Acme", "--send-at", later.isoformat())
    assert f"leaves    when the service is resumed, not before {later:%Y-%m-%d %H:%M:%S} UTC" in ended.lines


def test_the_command_leaves_with_1_when_a_gate_refuses(surroundings: dict[str, str]) -> None:
    ended = explain(surroundings, "+14155550123", "Hello", "--json")
    assert ended.code == 1
    assert ended.json["gates"][0]["outcome"] == "refused"
    assert ended.json["next_allowed_at"] is None
    assert "leaves    never" in explain(surroundings, "+14155550123", "Hello").out


def test_the_command_names_a_tag_that_is_none(surroundings: dict[str, str]) -> None:
    ended = explain(surroundings, "+14155550123", "Hello", "--tag", "otp")
    assert ended.code == 2
    assert "NAME=VALUE" in ended.err


def test_a_send_from_the_shell_takes_tags_too(surroundings: dict[str, str]) -> None:
    ended = run_command(surroundings, "send", "+442071234567", "Your code is 1234.", "--tag", "time_zone=Mars/Olympus")
    assert ended.code == 1
    assert "tags.time_zone (--tag time_zone): is not a known time zone" in ended.err
