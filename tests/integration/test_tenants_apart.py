"""Tenants apart: at every door, one tenant neither sees nor changes what is another's."""

from collections.abc import Iterator
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.consent.ledger import ALL_SERVICES
from messaging_pipeline.consent.opt_outs import list_opt_outs
from messaging_pipeline.consent.reading import consent_history
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.errors import InvalidInput, NotAllowed, NotFound
from messaging_pipeline.ids import TenantKey
from messaging_pipeline.number_health import invalid_numbers
from messaging_pipeline.reconcile.run import TO_COMPLETION, Wanted
from messaging_pipeline.services.pace import pace_of_account
from messaging_pipeline.services.steer import slow_down
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.consenting import NUMBER
from tests.support.delivering import DEFAULT, creates, drain, run_lanes, show
from tests.support.factories import ACCOUNT_SID, SERVICE_SID, a_send
from tests.support.followed import nameless, report, under_way
from tests.support.reconciled import RESET_AFTER_ACCEPT, inbound, remote
from tests.support.two_tenants import (
    ACME,
    ACME_SERVICE,
    ACME_SERVICE_SID,
    ACMES_NUMBER,
    BOTH,
    DEFAULTS_NUMBER,
    SECRET_TEXT,
    accepted,
    acmes,
    find_invalid,
    listed,
    opt_out,
    twilio_of_both,
)


@pytest.fixture
def clock() -> ManualClock:
    """The simulator dates messages by the real clock, so ours begins there."""
    return ManualClock(datetime.now(UTC))


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with twilio_of_both() as it:
        yield it


@pytest.fixture
def both(make_runtime: RuntimeMaker) -> WorkerRuntime:
    """The tenants `default` and `acme`, each with a quick service."""
    return make_runtime(BOTH)


# Handing over.


def test_a_tenant_cannot_send_through_anothers_service_nor_learn_its_name(both: WorkerRuntime) -> None:
    with pytest.raises(InvalidInput) as refusal:
        both.base.accepting.accept(a_send(tenant="acme", service="default"))
    assert (refusal.value.field, refusal.value.remedy) == ("service", "use one of: acme-alerts")
    assert listed(both, "acme") == listed(both, "default") == []


def test_a_tenant_cannot_take_anothers_message_id(both: WorkerRuntime) -> None:
    message_id = accepted(both)
    with pytest.raises(InvalidInput, match="message_id: is taken"):
        both.base.accepting.accept(acmes(message_id=str(message_id)))
    assert (listed(both, "acme"), listed(both, "default")) == ([], [(message_id, "pending")])


def test_the_same_idempotency_key_is_another_one_with_another_tenant(both: WorkerRuntime) -> None:
    first = accepted(both, idempotency_key="order-1")
    second = both.base.accepting.accept(acmes(idempotency_key="order-1"))
    assert first != second
    assert accepted(both, idempotency_key="order-1") == first


def test_by_the_broker_the_refusal_is_recorded_with_whoever_asked(both: WorkerRuntime) -> None:
    message_id = accepted(both)
    refused = both.from_broker.send(a_send(tenant="acme", service="default"), str(uuid4()))
    both.from_broker.send(acmes(message_id=str(message_id)), str(uuid4()))
    both.from_broker.send_many([acmes(message_id=str(message_id))], {}, str(uuid4()))
    assert listed(both, "acme") == [(refused, "rejected")]
    assert listed(both, "default") == [(message_id, "pending")]


def test_conversations_of_the_same_name_do_not_wait_for_each_other(both: WorkerRuntime) -> None:
    accepted(both, sequence="ada")
    mine = both.base.accepting.accept(acmes(sequence="ada"))
    assert show(both, mine)["waits_for"] is None


def test_what_is_explained_to_one_tenant_tells_nothing_of_another(both: WorkerRuntime) -> None:
    opt_out(both, "default", ALL_SERVICES)
    told = [both.base.explaining.explain(one)["verdict"] for one in (a_send(to=NUMBER), acmes(to=NUMBER))]
    assert (told[0], told[1] == "refused") == ("refused", False)
    with pytest.raises(InvalidInput, match="use one of: acme-alerts"):
        both.base.explaining.explain(a_send(tenant="acme", service="default"))


# Seeing, withdrawing, settling.


def test_anothers_message_is_not_there_to_be_seen_or_withdrawn(both: WorkerRuntime) -> None:
    message_id = accepted(both)
    with pytest.raises(NotFound):
        both.base.tracing.message(message_id, "acme")
    with pytest.raises(NotFound):
        both.base.canceling.cancel(message_id, "acme")
    assert listed(both, "acme") == []
    assert listed(both, "default") == [(message_id, "pending")]


def test_lists_stay_apart_whatever_they_are_narrowed_by(both: WorkerRuntime) -> None:
    accepted(both, to=NUMBER)
    tracing = both.base.tracing
    assert tracing.messages(tenant="acme", service="default") == []
    assert tracing.messages(tenant="acme", to=NUMBER, status="pending") == []


def test_anothers_doubt_cannot_be_settled(both: WorkerRuntime) -> None:
    message_id = accepted(both, to=RESET_AFTER_ACCEPT)
    drain(both)
    for settle in (
        lambda: both.base.resolving.not_sent(message_id, "acme"),
        lambda: both.base.resolving.sent(message_id, "acme", "SM" + "7" * 32, force=True),
    ):
        with pytest.raises(NotFound):
            settle()
    assert listed(both, "default") == [(message_id, "unconfirmed")]


@pytest.mark.parametrize("force", [False, True])
def test_a_doubt_cannot_be_settled_with_anothers_message_at_twilio(both: WorkerRuntime, force: bool) -> None:
    theirs = accepted(both)
    mine = both.base.accepting.accept(acmes(to=RESET_AFTER_ACCEPT))
    drain(both)
    drain(both, ACME)
    sid = show(both, theirs)["sid"]
    with pytest.raises(NotAllowed) as refusal:
        both.base.resolving.sent(mine, "acme", sid, force=force)
    assert str(theirs) not in str(refusal.value)
    assert (show(both, mine)["status"], show(both, theirs)["sid"]) == ("unconfirmed", sid)


# Consent and number health.


@pytest.mark.parametrize("scope", ["default", ALL_SERVICES])
def test_who_said_stop_to_one_tenant_still_hears_from_another(both: WorkerRuntime, scope: str) -> None:
    opt_out(both, "default", scope)
    mine = both.base.accepting.accept(acmes(to=NUMBER))
    drain(both, ACME)
    assert show(both, mine)["status"] == "accepted"
    with both.base.pool.connection() as connection:
        assert list_opt_outs(connection, "acme", number=NUMBER) == []
        assert consent_history(connection, both.base.sealer, "acme", NUMBER) == []
        assert len(consent_history(connection, both.base.sealer, "default", NUMBER)) == 1


def test_a_number_that_is_invalid_to_one_tenant_is_written_to_by_another(both: WorkerRuntime) -> None:
    find_invalid(both, "default")
    mine = both.base.accepting.accept(acmes(to=NUMBER))
    drain(both, ACME)
    assert show(both, mine)["status"] == "accepted"
    with both.base.pool.connection() as connection:
        assert len(invalid_numbers(connection, "default", limit=10)) == 1
        assert invalid_numbers(connection, "acme", limit=10) == []


# What Twilio reports.


def test_a_report_under_one_tenants_path_moves_no_message_of_another(both: WorkerRuntime) -> None:
    (attempt,) = under_way(both)
    message_id = attempt.message.id
    applied = both.following.apply([report(message_id, "delivered", tenant="acme")])
    assert (applied.moved, applied.counts["unknown_message"]) == ((), 1)
    assert [event["status"] for event in show(both, message_id)["events"]] == ["pending", "claimed"]


def test_a_report_by_sid_under_another_tenant_finds_no_message(both: WorkerRuntime) -> None:
    message_id = accepted(both)
    drain(both)
    sid = show(both, message_id)["sid"]
    applied = both.following.apply([nameless(message_id, "failed", sid=sid, tenant="acme", error_code=30005)])
    assert (applied.moved, applied.counts["unmatched"]) == ((), 1)
    both.sweep.run()
    assert show(both, message_id)["status"] == "accepted"


def test_a_report_that_claims_anothers_sid_spoils_nothing_of_the_other(both: WorkerRuntime) -> None:
    theirs = accepted(both)
    drain(both)
    sid = show(both, theirs)["sid"]
    (mine,) = under_way(both, tenant="acme", service="acme-alerts")
    both.following.apply(
        [report(mine.message.id, "delivered", sid=sid, tenant="acme"), report(theirs, "delivered", sid=sid)]
    )
    assert (show(both, theirs)["status"], show(both, theirs)["sid"]) == ("delivered", sid)
    assert show(both, mine.message.id)["status"] == "claimed"


def test_texts_of_the_same_sid_are_kept_for_each_tenant(both: WorkerRuntime) -> None:
    for tenant, body in (("default", SECRET_TEXT), ("acme", "Another text.")):
        form = both.base.sealer.seal([["MessageSid", "SM" + "2" * 32], ["From", NUMBER], ["Body", body]]).decode()
        assert both.receiving.store(tenant=tenant, sealed_form=form, received_at=both.base.clock.now())
    with both.base.pool.connection() as connection:
        rows = connection.execute("select tenant, payload from inbound_messages").fetchall()
    texts = {tenant: dict(both.base.sealer.unseal(payload))["Body"] for tenant, payload in rows}
    assert texts == {"default": SECRET_TEXT, "acme": "Another text."}


# Asking Twilio.


def test_each_tenants_lists_are_read_with_its_own_account_and_bring_only_its_own_texts(
    both: WorkerRuntime, simulator: Simulator
) -> None:
    message_id = accepted(both)
    drain(both)
    with SimulatorControl(simulator.url) as control:
        control.receive_text(NUMBER, DEFAULTS_NUMBER, SECRET_TEXT)
        control.receive_text(NUMBER, ACMES_NUMBER, "For acme.")
    found = both.reconciling.run(TO_COMPLETION, wanted=Wanted(everything=True), tenants=["acme"])
    assert [dict(form)["Body"] for form in inbound(both)] == ["For acme."]
    assert (found.findings["inbound"], found.findings["foreign"]) == (1, 0)
    assert [event["source"] for event in show(both, message_id)["events"]].count("reconcile") == 0


def test_an_account_that_refuses_us_does_not_keep_the_others_from_being_asked(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    wrong = make_runtime(BOTH, ACME_AUTH_TOKEN="not-the-token")
    with SimulatorControl(simulator.url) as control:
        control.receive_text(NUMBER, DEFAULTS_NUMBER, SECRET_TEXT)
    found = wrong.reconciling.run(TO_COMPLETION, wanted=Wanted(everything=True))
    assert (found.findings["inbound"], set(found.endings)) == (1, {"acme"})


# Sending.


def test_each_tenant_sends_with_its_own_account(both: WorkerRuntime, simulator: Simulator) -> None:
    accepted(both, to="+14155550101")
    both.base.accepting.accept(acmes(to="+14155550102"))
    drain(both)
    drain(both, ACME)
    owners = {one["to"]: one["account_sid"] for one in remote(simulator)}
    assert owners == {"+14155550101": ACCOUNT_SID, "+14155550102": ACME_ACCOUNT_SID}


def test_a_tenant_whose_token_is_wrong_stops_alone(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    wrong = make_runtime(BOTH, ACME_AUTH_TOKEN="not-the-token")
    mine, theirs = wrong.base.accepting.accept(acmes()), accepted(wrong)
    run_lanes(wrong, ACME, rounds=20)
    drain(wrong)
    assert (show(wrong, mine)["status"], show(wrong, theirs)["status"]) == ("pending", "accepted")
    assert [wrong.base.board.standing(one).state for one in (ACME, DEFAULT)] == ["held", "on"]


def test_an_account_that_must_go_slower_slows_no_other(both: WorkerRuntime) -> None:
    now = both.base.clock.now()
    names = [pace_of_account(TenantKey("acme"))]
    in_transaction(both.base.pool, lambda connection: slow_down(connection, names, now))
    both.base.board.forget()
    assert [both.base.board.standing(one).factor for one in (ACME, DEFAULT)] == [0.5, 1.0]


def test_a_service_that_has_changed_hands_sends_for_its_new_tenant_past_what_the_old_one_left(
    both: WorkerRuntime, make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    left_behind = both.base.accepting.accept(acmes(to="+14155550101", sequence="ada"))
    moved = make_runtime(
        QUICK_SERVICE
        + ACME_SERVICE.replace('tenant = "acme"', 'tenant = "default"').replace(ACME_SERVICE_SID, SERVICE_SID)
    )
    mine = accepted(moved, to="+14155550102", service="acme-alerts", sequence="ada")
    run_lanes(moved, ACME, rounds=20)
    assert show(moved, left_behind)["status"] == "pending"
    assert show(moved, mine)["attempts"] != []
    assert [create["to"] for create in creates(simulator)] == ["+14155550102"]
