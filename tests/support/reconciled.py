"""Outages, and what reconciliation brings home after them: the simulator runs by real time, our clock starts there."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from messaging_pipeline.ids import MessageId
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.reconcile.run import TO_COMPLETION, Wanted
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.delivering import drain, show
from tests.support.factories import a_send
from tests.support.simulated_twilio import eventually

DELIVERED = "+15005551001"
UNKNOWN_TO_THE_CARRIER = "+15005551003"
SENT_AND_NO_MORE = "+15005551010"
STAYS_QUEUED = "+15005551011"
RESET_AFTER_ACCEPT = "+15005551021"
ANSWERED_500_NOT_CREATED = "+15005551024"


def sent(runtime: WorkerRuntime, *recipients: str, **changes: Any) -> list[MessageId]:
    """Hand messages over and let them go to Twilio."""
    ids = [runtime.base.accepting.accept(a_send(to=to, **changes)) for to in recipients]
    drain(runtime)
    return ids


def remote(simulator: Simulator, to: str | None = None) -> list[dict[str, Any]]:
    """Return the messages that the simulator has to a number, or all."""
    with SimulatorControl(simulator.url) as control:
        return list(control.messages(to)["messages"])


def until_at_twilio(simulator: Simulator, *statuses: str) -> None:
    """Wait until every outbound message at Twilio has one of these statuses."""
    eventually(lambda: all(one["status"] in statuses for one in remote(simulator) if one["direction"] != "inbound"))


def ask_everything(runtime: WorkerRuntime, since: datetime | None = None) -> Report:
    """Run as `messaging-pipeline reconcile` does."""
    return runtime.reconciling.run(TO_COMPLETION, wanted=Wanted(everything=True, since=since))


def statuses(runtime: WorkerRuntime, ids: list[MessageId]) -> list[str]:
    return [str(show(runtime, message_id)["status"]) for message_id in ids]


def row(runtime: WorkerRuntime, message_id: UUID, columns: str) -> tuple[Any, ...]:
    """Columns of a message that nobody is shown."""
    with runtime.base.pool.connection() as connection:
        found = connection.execute(f"select {columns} from messages where id = %s", [message_id]).fetchone()  # type: ignore[arg-type]
    assert found is not None
    return found


def inbound(runtime: WorkerRuntime) -> list[list[list[str]]]:
    """The forms of all inbound messages, opened, in the order in which they were stored."""
    with runtime.base.pool.connection() as connection:
        rows = connection.execute("select payload from inbound_messages order by age(xmin) desc").fetchall()
    return [runtime.base.sealer.unseal(payload) for (payload,) in rows]


def broken_rules(runtime: WorkerRuntime) -> dict[str, list[str]]:
    """What the audit finds wrong with a week's messages, by rule."""
    return {
        finding.rule: [violation.detail for violation in finding.violations]
        for finding in runtime.auditing.run(timedelta(days=7))
        if finding.found
    }
