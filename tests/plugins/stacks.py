"""The whole pipeline as real processes: one stack for each broker and session, and one that tests may break.

RabbitMQ is the one at ``RABBITMQ_URL``, or on this machine at its usual port; tests skip where there is none. A CI
that sets ``RABBITMQ_URL`` has promised one, and there they fail.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from messaging_pipeline import NotFound, Pipeline, Settings
from messaging_pipeline.simulator.configuration import StandIns
from messaging_pipeline.stack.local import LocalStack, local_stack
from messaging_pipeline.stack.readiness import SimulatorAddress
from tests.plugins.services import NewDatabase
from tests.support import rabbitmq
from tests.support.cuttable_proxy import CuttableProxy
from tests.support.papers import blocks
from tests.support.webhook_receiver import WebhookReceiver, webhook_receiver

_CONFIG = """
[tenants.default]
verify_service_sid = "VA00000000000000000000000000000001"

[services.default]
messaging_service_sid = "MG00000000000000000000000000000001"
segments_per_second = 200
undelivered_retries = 1
undelivered_retry_seconds = 0.5
mms_link_fallback = true
missed_call_text = "Sorry that we missed your call."

[services.default.keywords.answers]
HOURS = "We open at nine & close at six."

[services.default.keywords.handlers.STATUS]
argument = "word"
python = "shop_keywords:status"

[services.slow]
messaging_service_sid = "MG00000000000000000000000000000002"
segments_per_second = 2
burst_segments = 1

[services.burst]
messaging_service_sid = "MG00000000000000000000000000000003"
segments_per_second = 20
burst_segments = 20

[services.support]
messaging_service_sid = "MG00000000000000000000000000000004"
segments_per_second = 200
inbound_tickets = "support"

[tickets.support]
system = "zendesk"
url = "TICKETS"
user = "agent@example.com"
secret = "env:TICKETS_TOKEN"

[events.desk]
receiver = "desk"
services = []

[receivers.desk]
url = "DESK/calls"
secret = "env:DESK_SECRET"
private_addresses = true
"""
DESK_SECRET = "only-the-desk-and-we-know-it"
_NOWHERE = "http://127.0.0.1:9"
_OURS = ("TWILIO_", "SMTP_URL", "SENDGRID_", "FALLBACK_", "MESSAGING_", "PORT")
_SERVERS = ("DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL", "RABBITMQ_URL")


#: Tests on the same stack run in the same process of xdist's.
REDIS = pytest.param("redis", marks=pytest.mark.xdist_group("redis"))
RABBITMQ = pytest.param("rabbitmq", marks=pytest.mark.xdist_group("rabbitmq"))
BREAKABLE = pytest.mark.xdist_group("breakable")


@pytest.fixture(scope="session")
def desk() -> Iterator[WebhookReceiver]:
    """The receiver that the stacks' fallback calls may go to."""
    with webhook_receiver() as receiver:
        yield receiver


@pytest.fixture(params=[REDIS, RABBITMQ])
def stack(request: pytest.FixtureRequest) -> LocalStack:
    """Simulator, webhooks, workers and beat, with a database, a Redis and a broker of their own."""
    it: LocalStack = request.getfixturevalue(f"stack_on_{request.param}")
    return it


@pytest.fixture(scope="session")
def stack_on_redis(new_database: NewDatabase, second_redis: str | None, desk: WebhookReceiver) -> Iterator[LocalStack]:
    """The stack whose broker is its Redis."""
    with _running(_servers(new_database, second_redis), desk.origin) as it:
        yield it


@pytest.fixture(scope="session")
def stack_on_rabbitmq(
    new_database: NewDatabase, second_redis: str | None, desk: WebhookReceiver, rabbitmq_url: str
) -> Iterator[LocalStack]:
    """The stack whose broker is RabbitMQ."""
    servers = _servers(new_database, second_redis)
    with _running({**servers, "CELERY_BROKER_URL": rabbitmq_url}, desk.origin) as it:
        yield it


def _servers(new_database: NewDatabase, second_redis: str | None) -> dict[str, str]:
    given = {"DATABASE_URL": new_database()}
    return given if second_redis is None else {**given, "REDIS_URL": second_redis}


@pytest.fixture(scope="session")
def breakable_stack() -> Iterator[LocalStack]:
    """A stack with a Postgres and a Valkey of its own, which a test may stop, wipe and restart."""
    with _running({}) as it:
        yield it


@pytest.fixture(scope="session")
def _rabbitmq() -> str:
    promised = os.environ.get("RABBITMQ_URL")
    url = promised or rabbitmq.DEFAULT_URL
    if rabbitmq.version(url) is None:
        if promised and os.environ.get("CI"):
            pytest.fail("RABBITMQ_URL promises a RabbitMQ, and none answers there")
        pytest.skip("no RabbitMQ is reachable; set RABBITMQ_URL")
    return url


@pytest.fixture(scope="session")
def _corner_of_rabbitmq(_rabbitmq: str) -> Iterator[str]:
    """The URL of a vhost in which we are alone."""
    with rabbitmq.corner_of(_rabbitmq) as corner:
        yield corner


@pytest.fixture
def empty_rabbitmq_url(_rabbitmq: str) -> Iterator[str]:
    """The URL of a vhost of this test's own, in which nobody has declared a queue."""
    with rabbitmq.vhost_of_our_own(_rabbitmq) as own:
        if own is None:
            pytest.skip("nobody lets us make a vhost at this RabbitMQ")
        yield own


@pytest.fixture(scope="session")
def proxy_to_rabbitmq(_corner_of_rabbitmq: str) -> Iterator[CuttableProxy]:
    """What stands between the stack and RabbitMQ, and can be cut."""
    parts = urlsplit(_corner_of_rabbitmq)
    proxy = CuttableProxy(parts.hostname or "127.0.0.1", parts.port or 5672)
    yield proxy
    proxy.stop()


@pytest.fixture(scope="session")
def rabbitmq_url(_corner_of_rabbitmq: str, proxy_to_rabbitmq: CuttableProxy) -> str:
    """RabbitMQ as the stack reaches it: through the proxy."""
    parts = urlsplit(_corner_of_rabbitmq)
    return parts._replace(netloc=f"{parts.netloc.rpartition('@')[0]}@127.0.0.1:{proxy_to_rabbitmq.port}").geturl()


@contextmanager
def _running(servers: Mapping[str, str], desk: str = _NOWHERE) -> Iterator[LocalStack]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith((*_OURS, *_SERVERS))}
    with tempfile.TemporaryDirectory(prefix="messaging-pipeline-acceptance-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        config = folder / "messaging.toml"
        (example,) = [block for block in blocks("python") if "KeywordCall" in block.text]
        (folder / "shop_keywords.py").write_text(example.text)

        def simulator_known(simulator: SimulatorAddress) -> Mapping[str, str]:
            config.write_text(_CONFIG.replace("DESK", desk, 1).replace("TICKETS", simulator.url, 1))
            return {"MESSAGING_CONFIG": str(config)}

        # Port 0 is any: two stacks that start at once may both find the usual one free, and then share it.
        ours = {
            "PYTHONPATH": os.pathsep.join([name, *filter(None, [kept.get("PYTHONPATH")])]),
            "MESSAGING_LEASE_SECONDS": "5",
            "PORT": "0",
            "DESK_SECRET": DESK_SECRET,
            "TICKETS_TOKEN": StandIns().ticket_secret,
        }
        arguments = ("--speed", "10", "--seed", "1")
        with local_stack(
            {**kept, **servers, **ours},
            folder=folder / "local",
            simulator_arguments=arguments,
            simulator_known=simulator_known,
        ) as it:
            yield it


Command = Callable[..., "subprocess.CompletedProcess[str]"]
LookUp = Callable[[str], dict[str, Any] | None]


def run_command(stack: LocalStack, *arguments: str, **changes: str) -> "subprocess.CompletedProcess[str]":
    """Run `messaging-pipeline` in another process, with the lines that `up` would print."""
    return subprocess.run(
        [sys.executable, "-m", "messaging_pipeline.cli.main", *arguments],
        env={**stack.environment, **changes},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def command(stack: LocalStack) -> Command:
    """Run `messaging-pipeline` beside the stack of this test."""
    return partial(run_command, stack)


@pytest.fixture
def look_up(stack: LocalStack) -> Iterator[LookUp]:
    """Look a message up as `messages show` does, without a process of its own; None when there is none yet."""
    with Pipeline(Settings.from_environment(stack.environment)) as pipeline:

        def look(message_id: str) -> dict[str, Any] | None:
            try:
                return pipeline.show(message_id)
            except NotFound:
                return None

        yield look
