"""Copies of files go with what they came with: by retention, and when a person is erased; each tenant's apart."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging_pipeline.forgetting.person import Erasing
from messaging_pipeline.ids import E164
from messaging_pipeline.inbound_media.ledger import Ending
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.copied_media import (
    CAT,
    arrive,
    copy,
    guarding_twilio,
    keeping_in,
    kept_in,
    later,
    rows,
    standing,
    take_in,
    urls_at_twilio,
)
from tests.support.factories import RECIPIENT
from tests.support.two_tenants import ACME_SERVICE

DAY_SECONDS = 86_400
RETENTION = "[tenants.default.retention]\ninbound_days = 10\n"


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    with guarding_twilio() as it:
        yield it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def worker(make_runtime: RuntimeMaker, folder: Path) -> WorkerRuntime:
    return make_runtime(RETENTION + keeping_in(folder))


def forget(runtime: WorkerRuntime, tenant: str = "default") -> int:
    """Erase the person; return how many copies are being deleted."""
    base = runtime.base
    return (
        Erasing(base.pool, base.clock, base.sealer, base.canceling, base.configuration)
        .erase(tenant, E164(RECIPIENT))
        .files
    )


def test_copies_go_with_what_they_came_with(worker: WorkerRuntime, simulator: Simulator, folder: Path) -> None:
    files = arrive(worker, simulator, CAT, "dog.jpg")
    copy(worker, files)
    later(worker, 11 * DAY_SECONDS)
    assert worker.retention.run()["inbound"] == 1
    assert [state for state, _ in standing(worker)] == ["erasing", "erasing"]
    assert copy(worker, files) == ["erased", "erased"]
    assert kept_in(folder) == {}


def test_what_is_still_to_be_copied_keeps_its_message(worker: WorkerRuntime, simulator: Simulator) -> None:
    files = arrive(worker, simulator, CAT)
    later(worker, 11 * DAY_SECONDS)
    assert worker.retention.run()["inbound"] == 0
    assert copy(worker, files) == ["copied"]
    assert worker.retention.run()["inbound"] == 1


def test_who_is_erased_leaves_no_copies(worker: WorkerRuntime, simulator: Simulator, folder: Path) -> None:
    copied = arrive(worker, simulator, CAT)
    copy(worker, copied)
    waiting = arrive(worker, simulator, "dog.jpg")
    assert forget(worker) == 1
    worker.sweep.run()
    copy(worker, copied + waiting)
    assert standing(worker) == [("erased", None), ("erased", None)]
    assert (kept_in(folder), forget(worker)) == ({}, 0)


def test_a_copy_that_is_made_meanwhile_goes_too(worker: WorkerRuntime, simulator: Simulator, folder: Path) -> None:
    (file,) = arrive(worker, simulator, CAT)
    claimed = worker.copying.ledger.claim(file, str(folder), worker.base.clock.now())
    assert claimed is not None
    assert forget(worker) == 1
    path = folder / "default" / file.sid[2:4] / f"{file.sid}-0"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"just arrived")
    assert not worker.copying.ledger.finish(file, claimed.attempts, Ending("copied"), worker.base.clock.now())
    assert copy(worker, [file]) == ["erasing"]  # until the lease is over, somebody may be writing
    assert kept_in(folder) == {}
    path.write_bytes(b"written very late")
    later(worker)
    assert copy(worker, [file]) == ["erased"]
    assert kept_in(folder) == {}


def test_a_store_that_lets_nothing_go_is_asked_again(worker: WorkerRuntime, simulator: Simulator, folder: Path) -> None:
    (file,) = arrive(worker, simulator, CAT)
    copy(worker, [file])
    forget(worker)
    (path,) = folder.rglob("*-0")
    path.unlink()
    path.mkdir()
    copy(worker, [file])
    ((state, why),) = standing(worker)
    assert (state, (why or "").startswith("the folder did not let it go")) == ("erasing", True)
    path.rmdir()
    later(worker)
    assert copy(worker, [file]) == ["erased"]


def test_a_tenant_gets_no_files_of_another_and_lets_none_of_them_go(
    make_runtime: RuntimeMaker, simulator: Simulator, folder: Path
) -> None:
    acmes_media = keeping_in(folder, tenant="acme").partition("[services.default]")[0]
    worker = make_runtime(keeping_in(folder) + ACME_SERVICE + acmes_media)
    ours = arrive(worker, simulator, CAT)
    theirs = take_in(worker, ours[0].sid, urls_at_twilio(worker, ours[0].sid), tenant="acme")
    copy(worker, ours + theirs)
    assert dict(rows(worker, "select tenant, state from inbound_media")) == {  # type: ignore[arg-type]
        "acme": "waiting",  # Twilio does not let it in with credentials of its own
        "default": "copied",
    }
    assert [name.partition("/")[0] for name in kept_in(folder)] == ["default"]
    assert forget(worker, "acme") == 1
    copy(worker, theirs)
    assert len(kept_in(folder)) == 1
