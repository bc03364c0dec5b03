"""Files that people send for tests: what Twilio holds of them, and what became of the copies."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.inbound_media.items import FileId
from messaging_pipeline.simulator.configuration import AccountConfig, CarrierTimings, SimulatorConfig
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.in_thread import simulator_in_thread
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import ACME_ACCOUNT_SID
from tests.support.factories import ACCOUNT_SID, AUTH_TOKEN, RECIPIENT, SERVICE_SID

CAT = "cat.png"


def keeping_in(store: Path | str, more: str = "", tenant: str = "default") -> str:
    """The lines of messaging.toml by which a tenant keeps copies; the simulator's storage is on the loopback."""
    return f"""
[tenants.{tenant}.inbound_media]
store = "{store}"
private_hosts = ["127.0.0.1"]
{more}
[services.default]
messaging_service_sid = "{SERVICE_SID}"
"""


def guarding_accounts() -> tuple[AccountConfig, ...]:
    """Two tenants' accounts that give files only to who is let in."""
    return (
        AccountConfig(ACCOUNT_SID, AUTH_TOKEN, media_auth=True),
        AccountConfig(ACME_ACCOUNT_SID, "token-of-acme", media_auth=True),
    )


@contextmanager
def guarding_twilio() -> Iterator[Simulator]:
    """Twilio with both accounts."""
    carrier = CarrierTimings(choose_sender_seconds=(300, 300), handover_seconds=(300, 300))
    with simulator_in_thread(SimulatorConfig(accounts=guarding_accounts(), carrier=carrier)) as it:
        yield it


def send_us(simulator: Simulator, *names: str, to: str = SERVICE_SID) -> str:
    """Let a person send files, by their names in the simulator's storage; return the message's SID."""
    urls = tuple(name if "://" in name else f"{simulator.files_url}/files/{name}" for name in names)
    with SimulatorControl(simulator.url) as control:
        return str(control.receive_text(RECIPIENT, to, "Look!", urls)["sid"])


def urls_at_twilio(runtime: WorkerRuntime, sid: str, tenant: str = "default") -> list[str]:
    listed = runtime.base.accounts.of(tenant).list_media(sid)
    assert isinstance(listed, tuple)
    return [one.url for one in listed]


def take_in(runtime: WorkerRuntime, sid: str, urls: Sequence[str], tenant: str = "default") -> list[FileId]:
    """Take in a message with files as the webhook does; return what may be run for it."""
    form = [["MessageSid", sid], ["From", RECIPIENT], ["To", "+15005550006"], ["Body", "Look!"]]
    form += [[f"MediaUrl{number}", url] for number, url in enumerate(urls)]
    sealed = runtime.base.sealer.seal(form).decode()
    runtime.receiving.store(tenant=tenant, sealed_form=sealed, received_at=runtime.base.clock.now())
    return [FileId(tenant, sid, number) for number in range(len(urls))]


def arrive(runtime: WorkerRuntime, simulator: Simulator, *names: str) -> list[FileId]:
    """Let a person send files, and take their message in."""
    sid = send_us(simulator, *names)
    return take_in(runtime, sid, urls_at_twilio(runtime, sid))


def copy(runtime: WorkerRuntime, files: Sequence[FileId]) -> list[str]:
    """Run every file once; return where each stands."""
    for file in files:
        runtime.copying.run(file)
    return [state for state, _ in standing(runtime)]


def standing(runtime: WorkerRuntime) -> list[tuple[str, str | None]]:
    """The state of every file, and why."""
    return rows(runtime, "select state, explanation from inbound_media order by sid, number")


def rows(runtime: WorkerRuntime, statement: str) -> list[tuple[Any, ...]]:
    with runtime.base.pool.connection() as connection:
        return connection.execute(statement).fetchall()  # type: ignore[call-overload]


def kept_in(folder: Path) -> dict[str, bytes]:
    """Everything below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def later(runtime: WorkerRuntime, seconds: float = 301) -> None:
    """Let time pass, longer than anything is put off."""
    assert isinstance(runtime.base.clock, ManualClock)
    runtime.base.clock.advance(seconds)
