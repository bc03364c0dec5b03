"""Keywords that call code: messages that come in, what was called, and what became of it."""

from typing import Any

from messaging_pipeline.keyword_handlers.start import CallId
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.support.factories import SERVICE_SID
from tests.support.inbound_cases import hear_text, sid

STATUS_BY_PYTHON = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"

[services.default.keywords.handlers.STATUS]
argument = "word"
usage = "Write STATUS and the number of your order."
most_attempts = 3
python = "tests.support.shop:status"
"""


def write(runtime: WorkerRuntime, number: int, body: str, tenant: str = "default", **fields: str | None) -> CallId:
    """Take a message in, at the runtime's time; return what may be run for it."""
    now = runtime.base.clock.now()
    hear_text(runtime, body, sid(number), now, tenant, **{"MessagingServiceSid": SERVICE_SID, **fields})
    return CallId(tenant, sid(number))


def calls(runtime: WorkerRuntime) -> list[tuple[Any, ...]]:
    """Each call's word, state, attempts and explanation, the oldest first."""
    statement = "select word, state, attempts, explanation from keyword_calls order by received_at, sid"
    with runtime.base.pool.connection() as connection:
        return connection.execute(statement).fetchall()


def state(runtime: WorkerRuntime) -> str:
    ((_, found, _, _),) = calls(runtime)
    return str(found)


def replies(runtime: WorkerRuntime) -> list[tuple[str, str, str, dict[str, str]]]:
    """Whom we answered from which service, the text, and the tags, in order."""
    statement = "select to_number, service, content, tags from messages order by created_at, id"
    with runtime.base.pool.connection() as connection:
        found = connection.execute(statement).fetchall()
    return [(to, service, runtime.base.sealer.unseal(content)["body"], tags) for to, service, content, tags in found]
