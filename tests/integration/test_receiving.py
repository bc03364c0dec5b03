"""Taking inbound messages in: once, whole or not at all, in any order, each tenant for itself."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.consenting import derived, in_force
from tests.support.delivering import creates, drain, show
from tests.support.factories import SERVICE_SID, a_send, configuration_file, worker_runtime
from tests.support.inbound_cases import NOON, PERSON, hear_text, ledger, opt_outs, sid, stored
from tests.support.racing import at_once
from tests.support.reconciled import ask_everything

MINUTE = timedelta(minutes=1)
SHARED = "".join(f'[services.{key}]\nmessaging_service_sid = "{SERVICE_SID}"\n' for key in ("default", "offers"))


def changes(runtime: WorkerRuntime) -> list[str]:
    return [line[1] for line in ledger(runtime)]


def effects(runtime: WorkerRuntime) -> list[str | None]:
    return [one["effect"] for one in stored(runtime)]


def test_who_wrote_stop_gets_nothing_more_until_start(sending: WorkerRuntime, simulator: Simulator) -> None:
    waiting = sending.base.accepting.accept(a_send(to=PERSON))
    hear_text(sending, "STOP", sid(1))
    drain(sending)
    assert (show(sending, waiting)["status"], creates(simulator)) == ("suppressed", [])
    hear_text(sending, "START", sid(2))
    again = sending.base.accepting.accept(a_send(to=PERSON))
    drain(sending)
    assert (show(sending, again)["status"], len(creates(simulator))) == ("accepted", 1)


def test_eight_copies_at_once_are_one_message_and_one_withdrawal(runtime: WorkerRuntime) -> None:
    news: list[bool] = []
    at_once([lambda: news.append(hear_text(runtime, "STOP", sid(1)))] * 8)
    assert sorted(news) == [False] * 7 + [True]
    assert (len(stored(runtime)), changes(runtime)) == (1, ["withdrawn"])


def test_a_stop_that_comes_a_second_time_after_a_start_opts_nobody_out(runtime: WorkerRuntime) -> None:
    hear_text(runtime, "STOP", sid(1))
    hear_text(runtime, "START", sid(2), NOON + MINUTE)
    assert not hear_text(runtime, "STOP", sid(1), NOON + 2 * MINUTE)
    assert (changes(runtime), opt_outs(runtime)) == (["withdrawn", "granted"], set())


def test_a_start_that_comes_home_late_lifts_no_stop_that_was_said_after_it(runtime: WorkerRuntime) -> None:
    hear_text(runtime, "STOP", sid(2), NOON + MINUTE)
    hear_text(runtime, "START", sid(1), NOON)
    assert effects(runtime) == ["withdrawn", "outdated"]
    assert (changes(runtime), opt_outs(runtime)) == (["withdrawn"], {"default"})


def test_a_stop_and_a_start_that_waited_in_the_broker_count_in_the_order_in_which_they_came(
    runtime: WorkerRuntime, clock: ManualClock
) -> None:
    clock.advance(3600)
    hear_text(runtime, "STOP", sid(1), NOON)
    hear_text(runtime, "START", sid(2), NOON + timedelta(seconds=1))
    assert (effects(runtime), opt_outs(runtime)) == (["withdrawn", "granted"], set())


def test_what_follows_is_always_what_the_ledger_says(runtime: WorkerRuntime) -> None:
    for number, (body, minutes) in enumerate(
        [("STOP", 5), ("START", 1), ("STOP", 2), ("START", 9), ("YES", 3), ("QUIT", 10), ("UNSTOP", 11)]
    ):
        hear_text(runtime, body, sid(number), NOON + minutes * MINUTE)
        with runtime.base.pool.connection() as connection:
            assert in_force(connection) == derived(connection)
    assert effects(runtime) == [
        "withdrawn", "outdated", "withdrawn", "granted", "outdated", "withdrawn", "granted",
    ]  # fmt: skip


def test_a_message_and_what_it_does_are_stored_together_or_not_at_all(
    runtime: WorkerRuntime, database_url: str
) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("alter table consent_events add constraint refusing check (source <> 'inbound') not valid")
        try:
            with pytest.raises(psycopg.errors.CheckViolation):
                hear_text(runtime, "STOP", sid(1))
            assert (stored(runtime), ledger(runtime)) == ([], [])
        finally:
            connection.execute("alter table consent_events drop constraint refusing")
    assert hear_text(runtime, "STOP", sid(1))
    assert opt_outs(runtime) == {"default"}


@pytest.fixture
def two_tenants(database_url: str, redis_url: str, clock: ManualClock, tmp_path: Path) -> Iterator[WorkerRuntime]:
    """Both tenants use one Messaging Service's SID, by mistake; the second one's words differ."""
    path = configuration_file(
        tmp_path,
        f"""
        [services.default]
        messaging_service_sid = "{SERVICE_SID}"
        [tenants.acme]
        account_sid = "ACcccccccccccccccccccccccccccccccc"
        auth_token = "env:ACME_AUTH_TOKEN"
        keywords = {{ more_stop = ["ALTO"] }}
        [services.acme-alerts]
        tenant = "acme"
        messaging_service_sid = "{SERVICE_SID}"
        """,
    )
    with worker_runtime(clock, DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path) as runtime:
        yield runtime


def test_a_tenants_keywords_and_their_effects_are_its_own(two_tenants: WorkerRuntime) -> None:
    for tenant in ("acme", "default"):
        hear_text(two_tenants, "ALTO", sid(1), tenant=tenant, MessagingServiceSid=SERVICE_SID)
    assert [(one["service"], one["keyword"]) for one in stored(two_tenants)] == [
        ("acme-alerts", "stop"),
        ("default", None),
    ]
    with two_tenants.base.pool.connection() as connection:
        assert in_force(connection) == {("acme", "acme-alerts", PERSON)}


def test_a_stop_counts_for_every_service_behind_the_sender_that_was_written_to(make_runtime: RuntimeMaker) -> None:
    """As at Twilio, where the whole Messaging Service is blocked; a START undoes as much."""
    runtime = make_runtime(SHARED + 'keywords = { more_stop = ["BASTA"] }\n[services.code]\nfrom_number = "78901"\n')
    for number, body in enumerate(("STOP", "BASTA")):
        hear_text(runtime, body, sid(2 * number), NOON + 2 * number * MINUTE, MessagingServiceSid=SERVICE_SID)
        assert opt_outs(runtime) == {"default", "offers"}
        start_at = NOON + (2 * number + 1) * MINUTE
        hear_text(runtime, "START", sid(2 * number + 1), start_at, MessagingServiceSid=SERVICE_SID)
        assert opt_outs(runtime) == set()


def test_a_keyword_reaches_as_far_as_any_service_behind_the_sender_says(make_runtime: RuntimeMaker) -> None:
    runtime = make_runtime(SHARED + 'keywords = { opt_out_scope = "tenant" }\n')
    hear_text(runtime, "STOP", sid(1), MessagingServiceSid=SERVICE_SID)
    assert opt_outs(runtime) == {"*"}
    hear_text(runtime, "START", sid(2), NOON + MINUTE, MessagingServiceSid=SERVICE_SID)
    assert opt_outs(runtime) == set()


@pytest.mark.parametrize("channel", ["rcs", "whatsapp"])
def test_a_stop_that_comes_by_another_channel_counts_for_the_number_behind_it(
    runtime: WorkerRuntime, channel: str
) -> None:
    """A Messaging Service sends by RCS where it can. A yes to another channel is no yes to texts."""
    hear_text(runtime, "STOP", sid(1), From=f"{channel}:{PERSON}")
    assert (opt_outs(runtime), [one["flag"] for one in stored(runtime)]) == ({"default"}, [None])
    hear_text(runtime, "START", sid(2), NOON + MINUTE, From=f"{channel}:{PERSON}")
    assert (opt_outs(runtime), stored(runtime)[1]["flag"]) == ({"default"}, "no_phone_number")


def test_what_reconciliation_brings_home_is_heeded_too(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    with SimulatorControl(simulator.url) as control:
        control.receive_text(PERSON, SERVICE_SID, "STOP")
        control.receive_text(PERSON, SERVICE_SID, "please stop texting me")
    runtime = make_runtime()
    runtime.base.clock.advance((datetime.now(UTC) - NOON).total_seconds())  # type: ignore[attr-defined]
    assert ask_everything(runtime).findings["inbound"] == 2
    assert [(one["keyword"], one["effect"], one["flag"]) for one in stored(runtime)] == [
        ("stop", "withdrawn", None),
        (None, None, "wish_in_words"),
    ]
    assert opt_outs(runtime) == {"default"}
