"""Ticket systems for tests: each adapter beside its stand-in; messages that come in, and what became of them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.queues import Queue
from messaging_pipeline.simulator.ticket_systems.desk import Desk
from messaging_pipeline.simulator.ticket_systems.jira import Jira as SimulatedJira
from messaging_pipeline.simulator.ticket_systems.servicenow import ServiceNow as SimulatedServiceNow
from messaging_pipeline.simulator.ticket_systems.zendesk import Zendesk as SimulatedZendesk
from messaging_pipeline.tickets.contract import Customer, Entry, TicketSystem
from messaging_pipeline.tickets.jira import Jira
from messaging_pipeline.tickets.rest_wire import Login
from messaging_pipeline.tickets.servicenow import ServiceNow
from messaging_pipeline.tickets.start import EntryId
from messaging_pipeline.tickets.zendesk import Zendesk
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import RECIPIENT, SERVICE_SID
from tests.support.queued import queued
from tests.support.ticket_systems import SECRET, USER, TicketServer

ANN = Customer("sms.default.c.4711", "Ann", "ann@example.com")
NUMBER = RECIPIENT
OTHER_SID = "MG" + "9" * 32


@dataclass(frozen=True)
class Kind:
    """One of the three: its adapter, its stand-in, what creates and appends there, and its lines in the file."""

    name: str
    adapter: Callable[..., TicketSystem]
    system: Callable[[], Desk]
    says_created: dict[str, Any]
    toml: str = ""

    def server(self) -> TicketServer:
        return TicketServer(self.system())

    def connect(self, url: str, **changes: Any) -> TicketSystem:
        return self.adapter(Login("support", url, USER, SECRET), **changes)

    def desk(self, url: str, more: str = "") -> str:
        return (
            f'[tickets.support]\nsystem = "{self.name}"\nurl = "{url}"\nuser = "{USER}"\nsecret = "env:DESK"\n'
            f"{self.toml}{more}"
        )


def _jira(login: Login, **changes: Any) -> TicketSystem:
    return Jira(login, "SUP", "Task", **changes)


def _servicenow(login: Login, **changes: Any) -> TicketSystem:
    return ServiceNow(login, "incident", **changes)


KINDS = (
    Kind("zendesk", Zendesk, SimulatedZendesk, {"ticket": {"id": 101, "status": "new"}}),
    Kind("jira", _jira, SimulatedJira, {"id": "101", "key": "SUP-101"}, 'project = "SUP"\n'),
    Kind("servicenow", _servicenow, SimulatedServiceNow, {"result": {"sys_id": "ab" * 16, "number": "INC0000101"}}),
)


def an_entry(text: str = "It does not ring.", token: str = "SM1", customer: Customer = ANN) -> Entry:
    return Entry(customer, "Text message from Ann", text, token)


def somebody(key: str) -> Customer:
    return replace(ANN, key=key)


def arrive(runtime: WorkerRuntime, sid: str, body: str, sender: str = RECIPIENT, **fields: str) -> EntryId:
    """Take in a message as the webhook does; return what may be run for it."""
    form = {"MessageSid": sid, "From": sender, "To": "+15005550006", "MessagingServiceSid": SERVICE_SID, "Body": body}
    sealed = runtime.base.sealer.seal([list(pair) for pair in {**form, **fields}.items()]).decode()
    runtime.receiving.store(tenant="default", sealed_form=sealed, received_at=runtime.base.clock.now())
    return EntryId("default", sid)


def hear(runtime: WorkerRuntime, sid: str, body: str, sender: str = RECIPIENT) -> None:
    """Take in a message and run what it started."""
    runtime.ticketing.run(arrive(runtime, sid, body, sender))
    assert isinstance(runtime.base.clock, ManualClock)
    runtime.base.clock.advance(1)


def rows(runtime: WorkerRuntime, statement: str) -> list[tuple[Any, ...]]:
    with runtime.base.pool.connection() as connection:
        return connection.execute(statement).fetchall()  # type: ignore[arg-type]


def states(runtime: WorkerRuntime) -> dict[str, str]:
    return dict(rows(runtime, "select sid, state from ticket_entries"))  # type: ignore[arg-type]


def replies(runtime: WorkerRuntime) -> list[tuple[str, str]]:
    """Whom we answered and what, in order."""
    found = rows(runtime, "select to_number, content from messages order by created_at, id")
    return [(to, runtime.base.sealer.unseal(content)["body"]) for to, content in found]


def woken(redis_url: str) -> list[str]:
    return [task.arguments["sid"] for task in queued(redis_url, Queue.INBOUND)]


def failing_changes(status: int | None) -> Callable[[str, str], int | None]:
    def trouble(method: str, path: str) -> int | None:
        return None if method == "GET" or path.endswith("/search/jql") else status

    return trouble
