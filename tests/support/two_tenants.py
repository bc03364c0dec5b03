"""Two tenants with an account and a service each, `default` and `acme`, and what either hands over."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from messaging_pipeline.consent.ledger import withdraw
from messaging_pipeline.db.pool import in_transaction
from messaging_pipeline.ids import MessageId, ServiceKey
from messaging_pipeline.number_health import INVALID_AFTER
from messaging_pipeline.simulator.configuration import (
    AccountConfig,
    CarrierTimings,
    SenderConfig,
    ServiceConfig,
    SimulatorConfig,
)
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.plugins.simulators import QUICK_SERVICE
from tests.support.consenting import NUMBER, a_withdrawal, record_unknown
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, SERVICE_SID, a_send

ACME = ServiceKey("acme-alerts")
ACME_SERVICE_SID = "MG" + "c" * 32
ACMES_NUMBER, DEFAULTS_NUMBER = "+12065550101", "+12065550100"
ACME_SERVICE = f"""
[tenants.acme]
account_sid = "{ACME_ACCOUNT_SID}"
auth_token = "env:ACME_AUTH_TOKEN"

[services.acme-alerts]
tenant = "acme"
messaging_service_sid = "{ACME_SERVICE_SID}"
segments_per_second = 2000
burst_segments = 40
"""
SECRET_TEXT = "For your eyes only."
BOTH = QUICK_SERVICE + ACME_SERVICE


@contextmanager
def twilio_of_both() -> Iterator[Simulator]:
    """Twilio with both tenants' accounts; its carriers are too slow to interfere."""
    config = SimulatorConfig(
        accounts=(AccountConfig(ACCOUNT_SID, AUTH_TOKEN), AccountConfig(ACME_ACCOUNT_SID, "token-of-acme")),
        services=(
            ServiceConfig(SERVICE_SID, account_sid=ACCOUNT_SID, senders=(DEFAULTS_NUMBER,)),
            ServiceConfig(ACME_SERVICE_SID, account_sid=ACME_ACCOUNT_SID, senders=(ACMES_NUMBER,)),
        ),
        senders=(
            SenderConfig(DEFAULTS_NUMBER, account_sid=ACCOUNT_SID),
            SenderConfig(ACMES_NUMBER, account_sid=ACME_ACCOUNT_SID),
        ),
        carrier=CarrierTimings(choose_sender_seconds=(300, 300), handover_seconds=(300, 300)),
    )
    with simulator_in_thread(config) as it:
        yield it


def accepted(runtime: WorkerRuntime, **changes: Any) -> MessageId:
    """Hand over a message of the tenant `default`."""
    return runtime.base.accepting.accept(a_send(**{"body": SECRET_TEXT, **changes}))


def acmes(**changes: Any) -> dict[str, Any]:
    """The arguments of a send by the tenant `acme`."""
    return a_send(tenant="acme", service="acme-alerts", **changes)


def listed(runtime: WorkerRuntime, tenant: str) -> list[tuple[Any, str]]:
    return [(one["id"], one["status"]) for one in runtime.base.tracing.messages(tenant=tenant)]


def opt_out(runtime: WorkerRuntime, tenant: str, scope: str) -> None:
    said = a_withdrawal(tenant=tenant, scope=scope)
    in_transaction(runtime.base.pool, lambda connection: withdraw(connection, [said], runtime.base.clock.now()))


def find_invalid(runtime: WorkerRuntime, tenant: str) -> None:
    """Let carriers say often enough that they do not know a number."""
    reports = [(tenant, NUMBER, 30005)] * INVALID_AFTER
    in_transaction(runtime.base.pool, lambda connection: record_unknown(connection, reports, runtime.base.clock.now()))
