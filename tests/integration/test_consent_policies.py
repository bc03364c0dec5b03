"""By policy a yes is needed, a no reaches every tenant that shares its opt-outs, and extends to other channels."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.consent.ledger import ALL_SERVICES
from messaging_pipeline.consent.statements import enter_statements
from messaging_pipeline.consent.terms import ALL_TENANTS
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.consenting import NUMBER, a_statement, in_force
from tests.support.delivering import creates, drain, show
from tests.support.factories import RECIPIENT, SERVICE_SID, a_send, environment
from tests.support.falling import EMAIL, run, told, with_plan
from tests.support.followed import shown
from tests.support.two_tenants import ACME_SERVICE_SID, BOTH, acmes, twilio_of_both

NEEDED_FOR_MARKETING = '\n[tenants.default.consent]\nrequired_for = ["marketing"]\n'
NEEDED_ALWAYS = '\n[tenants.default.consent]\nrequired_for = ["*"]\n'
SHARED = '\n[tenants.{}.keywords]\nopt_out_scope = "global"\n'
BOTH_SHARE = BOTH + SHARED.format("default") + SHARED.format("acme")
SILENT_BY_EMAIL = '\n[tenants.default.consent]\nopt_out_extends_to = ["email"]\n'
OPTED_OUT_CODE = 21610
EVEN_THEN = {"on": ["suppressed"]}


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Twilio with the accounts of both tenants."""
    with twilio_of_both() as simulator:
        yield simulator


def ended(runtime: WorkerRuntime, **send: Any) -> dict[str, Any]:
    """What has become of a message, once a lane has had it."""
    message_id = runtime.base.accepting.accept(a_send(**send))
    drain(runtime, ServiceKey(send.get("service", "default")))
    return show(runtime, MessageId(message_id))


@pytest.fixture
def command(database_url: str, redis_url: str, tmp_path: Path) -> Callable[..., Finished]:
    """Run a command with the file of this test's runtime."""
    path = str(tmp_path / "messaging.toml")
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)
    return lambda *arguments: run_command(given, *arguments)


def say(runtime: WorkerRuntime, clock: ManualClock, **changes: Any) -> None:
    statement = a_statement(said_at=clock.now(), **changes)
    enter_statements(runtime.base.pool, runtime.base.sealer, [statement], clock.now())


def write_in(runtime: WorkerRuntime, clock: ManualClock, tenant: str, sid: str, body: str, to: str) -> None:
    """Somebody writes to a tenant's Messaging Service."""
    clock.advance(1)
    pairs = [["MessageSid", sid], ["From", NUMBER], ["MessagingServiceSid", to], ["Body", body]]
    sealed = runtime.base.sealer.seal(pairs).decode()
    runtime.receiving.store(tenant=tenant, sealed_form=sealed, received_at=clock.now())


def test_what_needs_a_consent_does_not_leave_without_one(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(BOTH + NEEDED_FOR_MARKETING)
    offer = {"tags": {"intent": "marketing"}, "fallback": [EMAIL]}
    refused = ended(runtime, **offer)
    assert (refused["status"], refused["attempts"], refused["fallback"]) == ("suppressed", [], [])
    assert "need the recipient's consent" in refused["reason"]
    assert ended(runtime)["status"] == "accepted"
    say(runtime, clock, change="granted")
    assert ended(runtime, **offer)["status"] == "accepted"
    say(runtime, clock, change="withdrawn", scope=ALL_SERVICES)
    assert "has opted out" in ended(runtime, **offer)["reason"]
    assert len(creates(simulator)) == 2


@pytest.mark.parametrize("given", [{"scope": "acme-alerts"}, {"tenant": "acme", "scope": ALL_SERVICES}])
def test_a_consent_to_another_service_or_tenant_is_none(
    make_runtime: RuntimeMaker, clock: ManualClock, given: dict[str, str]
) -> None:
    runtime = make_runtime(BOTH + NEEDED_ALWAYS)
    say(runtime, clock, change="granted", **given)
    assert ended(runtime)["status"] == "suppressed"


def test_an_answer_to_who_has_just_written_needs_no_consent(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(BOTH + NEEDED_ALWAYS)
    assert ended(runtime, tags={"intent": "reply"})["status"] == "accepted"
    assert ended(runtime, **acmes())["status"] == "accepted"


def test_explain_says_that_a_consent_is_missing(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    runtime = make_runtime(BOTH + NEEDED_ALWAYS)
    explained = runtime.base.explaining.explain(a_send())
    (consent,) = (one for one in explained["gates"] if one["gate"] == "consent")
    assert (consent["outcome"], explained["next_allowed_at"]) == ("refused", None)
    assert "need the recipient's consent" in consent["reason"]
    say(runtime, clock, change="granted", scope=ALL_SERVICES)
    assert runtime.base.explaining.explain(a_send())["verdict"] != "refused"


def test_a_stop_to_one_tenant_closes_all_that_share_and_a_start_opens_them(
    make_runtime: RuntimeMaker, simulator: Simulator, clock: ManualClock
) -> None:
    runtime = make_runtime(BOTH_SHARE)
    write_in(runtime, clock, "acme", "SM1", "STOP", ACME_SERVICE_SID)
    with runtime.base.pool.connection() as connection:
        assert in_force(connection) == {("acme", ALL_SERVICES, NUMBER), (ALL_TENANTS, ALL_SERVICES, NUMBER)}
    assert [ended(runtime)["status"], ended(runtime, **acmes())["status"]] == ["suppressed"] * 2
    assert runtime.base.explaining.explain(a_send())["verdict"] == "refused"
    assert creates(simulator) == []
    write_in(runtime, clock, "acme", "SM2", "START", ACME_SERVICE_SID)
    assert [ended(runtime)["status"], ended(runtime, **acmes())["status"]] == ["accepted"] * 2


def test_an_old_start_opens_nothing_that_was_closed_since(make_runtime: RuntimeMaker, clock: ManualClock) -> None:
    runtime = make_runtime(BOTH_SHARE)
    before = clock.now()
    write_in(runtime, clock, "default", "SM1", "STOP", SERVICE_SID)
    pairs = [["MessageSid", "SM2"], ["From", NUMBER], ["MessagingServiceSid", ACME_SERVICE_SID], ["Body", "START"]]
    sealed = runtime.base.sealer.seal(pairs).decode()
    runtime.receiving.store(tenant="acme", sealed_form=sealed, received_at=before)
    assert ended(runtime, **acmes())["status"] == "suppressed"


@pytest.mark.parametrize("sharing", ["default", "acme"])
def test_a_tenant_that_does_not_share_is_neither_heard_nor_closed(
    make_runtime: RuntimeMaker, clock: ManualClock, sharing: str
) -> None:
    runtime = make_runtime(BOTH + SHARED.format(sharing))
    write_in(runtime, clock, "acme", "SM1", "STOP", ACME_SERVICE_SID)
    assert ended(runtime)["status"] == "accepted"
    assert ended(runtime, **acmes())["status"] == "suppressed"


def test_an_operator_closes_all_that_share_by_the_name_that_no_tenant_can_have(
    make_runtime: RuntimeMaker, command: Callable[..., Finished]
) -> None:
    runtime = make_runtime(BOTH_SHARE)
    assert command("optouts", "add", NUMBER, "--tenant", "*", "--all-services").code == 0
    assert ended(runtime)["status"] == "suppressed"
    (shared,) = command("consent", "history", NUMBER, "--json").json["opted_out"]
    assert (shared["tenant"], shared["scope"]) == (ALL_TENANTS, ALL_SERVICES)
    assert "opted out: all that share" in command("consent", "history", NUMBER, "--tenant", "acme").out
    assert command("optouts", "list", "--json").json == []
    assert command("optouts", "add", NUMBER, "--tenant", "*", "--scope", "default").code == 1


def test_nobody_shares_unless_the_file_says_so(make_runtime: RuntimeMaker, command: Callable[..., Finished]) -> None:
    make_runtime(BOTH)
    refused = command("optouts", "add", NUMBER, "--tenant", "*", "--all-services")
    assert (refused.code, "no service shares its opt-outs" in refused.err) == (1, True)


def test_an_opt_out_extends_to_the_channels_that_the_policy_names(
    make_runtime: RuntimeMaker, clock: ManualClock
) -> None:
    runtime = make_runtime(BOTH + SILENT_BY_EMAIL)
    task = {"channel": "celery", "task": "shop.call_back", "queue": "shop"}
    message_id = with_plan(runtime, EMAIL | EVEN_THEN, task | EVEN_THEN)
    told(runtime, message_id, "failed", OPTED_OUT_CODE)
    run(runtime, message_id, 1)
    run(runtime, message_id, 2)
    email, call_back = shown(runtime, message_id)["fallback"]
    assert (email["state"], call_back["state"]) == ("failed", "sent")
    assert "has opted out" in email["explanation"]


def test_who_opts_out_before_a_step_leaves_gets_none_by_that_channel(
    make_runtime: RuntimeMaker, clock: ManualClock
) -> None:
    runtime = make_runtime(BOTH + SILENT_BY_EMAIL)
    message_id = with_plan(runtime, EMAIL, to=RECIPIENT)
    told(runtime, message_id, "undelivered", 30006)
    say(runtime, clock, change="withdrawn", number=RECIPIENT)
    run(runtime, message_id, 1)
    (email,) = shown(runtime, message_id)["fallback"]
    assert (email["state"], "has opted out" in email["explanation"]) == ("failed", True)
