"""Texts and files go from Twilio when they go here, or sooner: each is owed, asked for within the rate, and seen."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.forgetting.person import Erasing
from messaging_pipeline.ids import E164, MessageId, TenantKey
from messaging_pipeline.redaction.redacting import MOST_ATTEMPTS
from messaging_pipeline.simulator.configuration import SimulatorConfig
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.commands import Finished, run_command
from tests.support.copied_media import guarding_accounts, keeping_in, later, rows, send_us, take_in, urls_at_twilio
from tests.support.delivering import drain
from tests.support.factories import RECIPIENT, a_send, configuration_file, environment
from tests.support.followed import report
from tests.support.metric_deltas import Counting
from tests.support.stand_in import refusing, stand_in
from tests.support.two_tenants import ACME_SERVICE
from tests.support.waiting import eventually

Run = Callable[..., Finished]

DAY_SECONDS = 86_400


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Twilio, with carriers that need no time: what is sent has ended there."""
    with simulator_in_thread(SimulatorConfig(accounts=guarding_accounts(), speed=5000.0)) as it:
        yield it


def redacting(when: str, more: str = "") -> str:
    return f"""
[tenants.default.retention]
body_days = 30
inbound_days = 30
redact_at_twilio = "{when}"
{more}{QUICK_SERVICE}"""


@pytest.fixture
def at_end(make_runtime: RuntimeMaker) -> WorkerRuntime:
    return make_runtime(redacting("at_end"))


def delivered(runtime: WorkerRuntime, simulator: Simulator, **changes: Any) -> MessageId:
    """Send a message, and hear that it has arrived."""
    message_id = runtime.base.accepting.accept(a_send(body="a secret", **changes))
    drain(runtime)
    eventually(lambda: [one for one in at_twilio(simulator) if one["status"] == "delivered"] or None, "the delivery")
    sid = runtime.base.tracing.message(message_id)["sid"]
    runtime.following.apply([report(message_id, "delivered", sid=sid, received_at=runtime.base.clock.now())])
    return message_id


def at_twilio(simulator: Simulator, to: str = RECIPIENT) -> list[dict[str, Any]]:
    with SimulatorControl(simulator.url) as control:
        return list(control.messages(to)["messages"])


def everything_at_twilio(simulator: Simulator) -> list[str]:
    """The texts that Twilio has."""
    with SimulatorControl(simulator.url) as control:
        return [one["body"] for one in control.messages()["messages"]]


def standing(runtime: WorkerRuntime) -> list[tuple[str, str | None]]:
    return rows(runtime, "select state, explanation from redactions order by sid")


def owe(runtime: WorkerRuntime, *sids: str, tenant: str = "default") -> None:
    with runtime.base.pool.connection() as connection:
        for sid in sids:
            connection.execute(
                "insert into redactions (tenant, sid, state, due_at, created_at) values (%s, %s, 'waiting', %s, %s)",
                [tenant, sid, runtime.base.clock.now(), runtime.base.clock.now()],
            )


def forget(runtime: WorkerRuntime, tenant: str = "default") -> int:
    base = runtime.base
    erasing = Erasing(base.pool, base.clock, base.sealer, base.canceling, base.configuration)
    return erasing.erase(tenant, E164(RECIPIENT)).redactions


def test_a_text_goes_from_twilio_when_it_goes_here(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    worker = make_runtime(redacting("with_contents"))
    delivered(worker, simulator)
    worker.redacting.run()
    assert (everything_at_twilio(simulator), standing(worker)) == (["a secret"], [])
    later(worker, 31 * DAY_SECONDS)
    worker.retention.run()
    counted = Counting("messaging_redactions_total", state="done")
    worker.redacting.run()
    assert (everything_at_twilio(simulator), counted.count) == ([""], 1)
    assert standing(worker) == [("done", "its text and files have gone")]


def test_at_the_end_a_text_goes_from_twilio_and_stays_here(at_end: WorkerRuntime, simulator: Simulator) -> None:
    delivered(at_end, simulator)
    at_end.redacting.run()
    at_end.redacting.run()
    assert (everything_at_twilio(simulator), len(standing(at_end))) == ([""], 1)
    assert rows(at_end, "select content is not null from messages") == [(True,)]


def test_what_is_on_its_way_is_not_touched(at_end: WorkerRuntime, simulator: Simulator) -> None:
    at_end.base.accepting.accept(a_send(body="a secret"))
    drain(at_end)
    at_end.redacting.run()
    assert (everything_at_twilio(simulator), standing(at_end)) == (["a secret"], [])


def test_what_people_write_goes_with_its_files_once_they_are_copied(
    make_runtime: RuntimeMaker, simulator: Simulator, tmp_path: Path
) -> None:
    media = keeping_in(tmp_path / "media").partition("[services.default]")[0]
    worker = make_runtime(redacting("at_end", media))
    sid = send_us(simulator, "cat.png", "dog.jpg")
    files = take_in(worker, sid, urls_at_twilio(worker, sid))
    worker.redacting.run()
    assert everything_at_twilio(simulator) == ["Look!"]
    for file in files:
        worker.copying.run(file)
    worker.redacting.run()
    assert (everything_at_twilio(simulator), urls_at_twilio(worker, sid)) == ([""], [])
    assert len(list((tmp_path / "media").rglob("MM*"))) == 2


def test_reconciliation_brings_no_empty_text_home(at_end: WorkerRuntime, simulator: Simulator) -> None:
    sid = send_us(simulator)
    take_in(at_end, sid, [])
    at_end.redacting.run()
    assert everything_at_twilio(simulator) == [""]
    later(at_end, 600)
    at_end.reconciling.run()
    ((payload,),) = rows(at_end, "select payload from inbound_messages")
    assert ["Body", "Look!"] in at_end.base.sealer.unseal(payload)


def test_who_is_erased_is_erased_at_twilio_too(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    worker = make_runtime(redacting("on_forget"))
    delivered(worker, simulator)
    take_in(worker, send_us(simulator), [])
    later(worker, 31 * DAY_SECONDS)
    worker.retention.run()
    worker.redacting.run()
    assert sorted(everything_at_twilio(simulator)) == ["Look!", "a secret"]
    assert forget(worker) == 2
    worker.redacting.run()
    assert everything_at_twilio(simulator) == ["", ""]
    assert forget(worker) == 0


def test_by_itself_nothing_goes_from_twilio(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    worker = make_runtime()
    delivered(worker, simulator)
    assert forget(worker) == 0
    worker.redacting.run()
    assert (everything_at_twilio(simulator), standing(worker)) == (["a secret"], [])


def test_what_twilio_does_not_have_any_more_is_done(at_end: WorkerRuntime) -> None:
    owe(at_end, "SM" + "0" * 32)
    at_end.redacting.run()
    assert standing(at_end) == [("done", "Twilio does not have it any more")]


@pytest.mark.parametrize(
    ("status", "code", "why", "asked"),
    [
        (400, 20009, "Twilio does not do it yet (20009); the message may not have ended there", 2),
        (429, 20429, "Twilio has too many of the account's requests", 1),
        (503, 20503, "Twilio, or something before it, answered HTTP 503", 1),
        (401, 20003, "Twilio refuses the account's request (20003)", 1),
    ],
)
def test_what_twilio_does_not_do_is_asked_for_again_later_and_left_to_people_in_the_end(
    make_runtime: RuntimeMaker, status: int, code: int, why: str, asked: int
) -> None:
    with stand_in(refusing(status, code)) as twilio:
        worker = make_runtime(redacting("with_contents"), TWILIO_API_BASE_URL=twilio.url)
        owe(worker, "SM" + "1" * 32, "SM" + "2" * 32)
        worker.redacting.run()
        assert len(twilio.requests) == asked
        assert twilio.requests[0].form == {"Body": [""]}
        assert standing(worker)[0] == ("waiting", why)
        later(worker, 29)
        rows(worker, "update redactions set due_at = due_at + interval '1 day' where attempts = 0 returning 1")
        worker.redacting.run()
        assert len(twilio.requests) == asked
        rows(worker, f"update redactions set attempts = {MOST_ATTEMPTS - 1} where attempts > 0 returning 1")
        later(worker, 2)
        worker.redacting.run()
        assert standing(worker)[0] == ("failed", why)


def test_without_a_free_line_nothing_is_asked(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    worker = make_runtime("[tenants.default]\napi_concurrency = 1\n" + redacting("with_contents"))
    worker.base.redis.zadd("mp:slots:account:default", {"": -1})  # known for long
    owe(worker, send_us(simulator))
    with worker.redacting.lines.one_of(TenantKey("default")):
        worker.redacting.run()
        assert everything_at_twilio(simulator) == ["Look!"]
    worker.redacting.run()
    assert everything_at_twilio(simulator) == [""]


def test_what_a_worker_held_when_it_died_is_done_by_another(at_end: WorkerRuntime, simulator: Simulator) -> None:
    owe(at_end, send_us(simulator))
    assert at_end.redacting.ledger.claim("default", at_end.base.clock.now()) is not None
    at_end.redacting.run()
    assert [state for state, _ in standing(at_end)] == ["claimed"]
    later(at_end)
    at_end.redacting.run()
    assert ([state for state, _ in standing(at_end)], everything_at_twilio(simulator)) == (["done"], [""])


def test_a_tenant_takes_nothing_from_another(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    acmes = '[tenants.acme.retention]\nbody_days = 1\nredact_at_twilio = "at_end"\n'
    worker = make_runtime(redacting("on_forget") + ACME_SERVICE + acmes)
    delivered(worker, simulator)
    sid = send_us(simulator)
    take_in(worker, sid, [], tenant="acme")  # as if it had been acme's
    worker.redacting.run()
    assert rows(worker, "select tenant, state, explanation from redactions") == [
        ("acme", "done", "Twilio does not have it any more")
    ]
    assert sorted(everything_at_twilio(simulator)) == ["Look!", "a secret"]


def test_an_operator_sees_what_has_not_gone(
    at_end: WorkerRuntime, simulator: Simulator, database_url: str, redis_url: str
) -> None:
    owe(at_end, "SM" + "1" * 32)
    at_end.redacting.run()
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)
    assert "Twilio does not have it any more" in run_command(given, "redactions", "list").out
    (shown,) = run_command(given, "redactions", "list", "--state", "done", "--json").json
    assert (shown["sid"], shown["state"], shown["attempts"]) == ("SM" + "1" * 32, "done", 1)
    assert run_command(given, "redactions", "list", "--tenant", "acme", "--json").json == []


@pytest.fixture
def run(database_url: str, redis_url: str, tmp_path: Path) -> Run:
    """Run a command for tenants of which acme wants nothing redacted."""
    path = configuration_file(tmp_path, redacting("at_end") + ACME_SERVICE)
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path)
    return lambda *arguments: run_command(given, "redactions", *arguments)


def fail(runtime: WorkerRuntime, *sids: str, tenant: str = "default") -> None:
    owe(runtime, *sids, tenant=tenant)
    with runtime.base.pool.connection() as connection:
        connection.execute(
            "update redactions set state = 'failed', attempts = %s, finished_at = created_at where sid = any(%s)",
            [MOST_ATTEMPTS, list(sids)],
        )


def test_what_has_failed_is_asked_for_again_as_often_as_the_first_time(
    at_end: WorkerRuntime, simulator: Simulator, run: Run
) -> None:
    sid = send_us(simulator)
    fail(at_end, sid)
    at_end.redacting.run()
    assert everything_at_twilio(simulator) == ["Look!"]
    assert run("retry", sid, "--json").json == {"retried": 1}
    assert rows(at_end, "select state, attempts, finished_at from redactions") == [("waiting", 0, None)]
    with at_end.base.pool.connection() as connection:  # the command's clock is the real one
        connection.execute("update redactions set due_at = %s", [at_end.base.clock.now()])
    at_end.redacting.run()
    assert everything_at_twilio(simulator) == [""]
    assert run("retry", sid).code == 1
    assert [state for state, _ in standing(at_end)] == ["done"]


def test_all_that_has_failed_is_asked_for_again_and_nothing_else(at_end: WorkerRuntime, run: Run) -> None:
    gone, first, second, acmes = ("SM" + str(number) * 32 for number in range(4))
    owe(at_end, gone)
    at_end.redacting.run()
    fail(at_end, first, second)
    fail(at_end, acmes, tenant="acme")
    assert run("retry", first, gone).lines == ["1 retried"]
    assert run("retry", "--all").lines == ["1 retried"]
    assert run("retry", "--all").code == 0
    assert [state for state, _ in standing(at_end)] == ["done", "waiting", "waiting", "failed"]


def test_what_nobody_would_ask_for_is_not_retried(at_end: WorkerRuntime, run: Run) -> None:
    fail(at_end, "SM" + "3" * 32, tenant="acme")
    refused = run("retry", "--all", "--tenant", "acme")
    assert (refused.code, "redact_at_twilio" in refused.err) == (1, True)
    assert run("retry", "--all", "--tenant", "nobody").code == 1
    assert run("retry").code == run("retry", "SM1", "--all").code == 2
    assert [state for state, _ in standing(at_end)] == ["failed"]


@pytest.mark.parametrize("when", ["with_contents", "at_end"])
def test_what_never_goes_here_cannot_go_from_twilio(make_runtime: RuntimeMaker, when: str) -> None:
    with pytest.raises(InvalidSettings, match="needs body_days or inbound_days"):
        make_runtime(f'[tenants.default.retention]\nredact_at_twilio = "{when}"\n{QUICK_SERVICE}')
