"""Files that people send are copied whole, once each, with credentials that only Twilio sees."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.inbound_media.copying import MOST_ATTEMPTS
from messaging_pipeline.inbound_media.items import FileId, name_of
from messaging_pipeline.queues import Queue
from messaging_pipeline.simulator.files import content_of
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.simulators import RuntimeMaker
from tests.support.commands import run_command
from tests.support.copied_media import (
    CAT,
    arrive,
    copy,
    guarding_twilio,
    keeping_in,
    kept_in,
    later,
    rows,
    send_us,
    standing,
    take_in,
    urls_at_twilio,
)
from tests.support.factories import environment
from tests.support.metric_deltas import Counting
from tests.support.queued import queued
from tests.support.stand_in import answering, closing, stand_in


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """Twilio, where files are given to who may call the API, and redirects lead to a storage of another origin."""
    with guarding_twilio() as it:
        yield it


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "media"


@pytest.fixture
def worker(make_runtime: RuntimeMaker, folder: Path) -> WorkerRuntime:
    """A worker whose tenant keeps copies in a folder."""
    return make_runtime(keeping_in(folder))


def test_a_file_is_copied_whole_and_shown(
    worker: WorkerRuntime, simulator: Simulator, folder: Path, database_url: str, redis_url: str
) -> None:
    counted = Counting("messaging_inbound_media_total", state="copied")
    (file,) = arrive(worker, simulator, CAT)
    assert copy(worker, [file]) == ["copied"]
    name = f"default/{file.sid[2:4]}/{file.sid}-0"
    assert kept_in(folder) == {name: content_of(CAT, 20_000)}
    assert ((folder / name).stat().st_mode & 0o777, counted.count) == (0o600, 1)
    given = environment(DATABASE_URL=database_url, REDIS_URL=redis_url)
    (shown,) = run_command(given, "inbound", "show", file.sid, "--json").json["media"]
    assert (shown["state"], shown["content_type"], shown["size_bytes"]) == ("copied", "image/png", 20_000)
    assert (shown["store"], shown["name"]) == (str(folder), name)
    assert (
        f"file 0    copied: image/png, 20000 bytes, in {folder}: {name}"
        in run_command(given, "inbound", "show", file.sid).lines
    )


def test_ten_files_are_copied_and_an_eleventh_is_no_file_of_twilios(
    worker: WorkerRuntime, simulator: Simulator, folder: Path
) -> None:
    sid = send_us(simulator, *(f"{number}.jpg" for number in range(10)))
    files = take_in(worker, sid, [*urls_at_twilio(worker, sid), "https://example.com/eleventh.jpg"])
    assert copy(worker, files) == ["copied"] * 10
    assert set(kept_in(folder).values()) == {content_of(f"{number}.jpg", 20_000) for number in range(10)}


def test_what_is_delivered_twice_or_run_twice_is_copied_once(
    worker: WorkerRuntime, simulator: Simulator, folder: Path, redis_url: str
) -> None:
    files = arrive(worker, simulator, CAT)
    take_in(worker, files[0].sid, urls_at_twilio(worker, files[0].sid))
    assert [task.arguments for task in queued(redis_url, Queue.INBOUND)] == [
        {"tenant": "default", "sid": files[0].sid, "number": 0}
    ]
    copy(worker, files)
    (path,) = folder.rglob("*-0")
    path.write_bytes(b"marked")
    assert copy(worker, files) == ["copied"]
    assert path.read_bytes() == b"marked"


def test_without_a_store_nothing_is_owed(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    worker = make_runtime()
    arrive(worker, simulator, CAT)
    assert standing(worker) == []


@pytest.mark.parametrize(
    ("more", "name", "why"),
    [
        ("max_bytes = 19_999", CAT, "the file is larger than max_bytes"),
        ('content_types = ["image/jpeg", "audio/*"]', CAT, "the file is of a type that is not among content_types"),
        ("", "evil.html", "the file is of a type that is not among content_types"),
    ],
)
def test_what_is_not_wanted_is_refused_and_leaves_nothing(
    make_runtime: RuntimeMaker, simulator: Simulator, folder: Path, more: str, name: str, why: str
) -> None:
    worker = make_runtime(keeping_in(folder, more))
    copy(worker, arrive(worker, simulator, name))
    assert (standing(worker), kept_in(folder)) == ([("refused", why)], {})


def test_a_redirect_to_a_private_address_is_not_followed(
    make_runtime: RuntimeMaker, simulator: Simulator, folder: Path
) -> None:
    with stand_in(answering(200, "secret", {"Content-Type": "image/png"})) as inner:
        worker = make_runtime(keeping_in(folder))
        copy(worker, arrive(worker, simulator, f"http://localhost:{inner.port}/cat.png"))
        assert standing(worker) == [("refused", "the file leads to something that is not https")]
        copy(worker, arrive(worker, simulator, f"https://localhost:{inner.port}/cat.png"))
        assert ("refused", "the file leads to a private address") in standing(worker)
        assert inner.requests == []


def test_a_file_that_is_somewhere_else_from_the_beginning_gets_no_credentials(
    worker: WorkerRuntime, folder: Path
) -> None:
    with stand_in(answering(200, "a picture", {"Content-Type": "image/png"})) as other:
        assert copy(worker, take_in(worker, "MM" + "1" * 32, [f"{other.url}/cat.png"])) == ["copied"]
        assert [request.headers.get("authorization") for request in other.requests] == [None]


def test_a_redirect_to_what_is_no_url_is_refused(worker: WorkerRuntime) -> None:
    with stand_in(answering(302, headers={"Location": "http://[bad"})) as other:
        assert copy(worker, take_in(worker, "MM" + "1" * 32, [f"{other.url}/cat.png"])) == ["refused"]
    assert standing(worker) == [("refused", "the file leads to something that is no URL")]


def test_redirects_end(worker: WorkerRuntime) -> None:
    with stand_in(answering(302, headers={"Location": "/again"})) as other:
        assert copy(worker, take_in(worker, "MM" + "1" * 32, [f"{other.url}/cat.png"])) == ["refused"]
        assert len(other.requests) == 6


@pytest.mark.parametrize(
    "script",
    [
        answering(404),
        answering(503),
        closing,
        answering(200, "half", {"Content-Type": "image/png"}, missing_bytes=4),
    ],
    ids=["not there yet", "busy", "cut off", "half"],
)
def test_what_does_not_come_is_tried_again_and_given_up_in_the_end(
    worker: WorkerRuntime, folder: Path, redis_url: str, script: object
) -> None:
    with stand_in(script) as other:  # type: ignore[arg-type]
        files = take_in(worker, "MM" + "1" * 32, [f"{other.url}/cat.png"])
        assert copy(worker, files) == ["waiting"]
        assert copy(worker, files) == ["waiting"]
        assert len(other.requests) == 1  # it is not due yet
        later(worker)
        worker.sweep.run()
        assert len(queued(redis_url, Queue.INBOUND)) == 2
        rows(worker, f"update inbound_media set attempts = {MOST_ATTEMPTS - 1} returning 1")
        assert copy(worker, files) == ["failed"]
    assert kept_in(folder) == {}


def test_wrong_credentials_are_no_reason_to_give_up(
    make_runtime: RuntimeMaker, simulator: Simulator, folder: Path
) -> None:
    files = arrive(make_runtime(keeping_in(folder)), simulator, CAT)
    stranger = make_runtime(keeping_in(folder), TWILIO_AUTH_TOKEN="another")
    copy(stranger, files)
    assert standing(stranger) == [("waiting", "the file did not come: its server answers HTTP 401")]


def test_a_worker_that_dies_in_the_middle_leaves_nothing_half(
    worker: WorkerRuntime, simulator: Simulator, folder: Path, redis_url: str
) -> None:
    (file,) = arrive(worker, simulator, CAT)
    assert worker.copying.ledger.claim(file, str(folder), worker.base.clock.now()) is not None
    path = folder / name_of(file)
    path.parent.mkdir(parents=True)
    path.with_name(f"{path.name}.1.part").write_bytes(b"half")
    assert copy(worker, [file]) == ["claimed"]
    later(worker)
    worker.sweep.run()
    assert standing(worker) == [("waiting", "the worker stopped while it was copying")]
    assert copy(worker, [file]) == ["copied"]
    assert kept_in(folder) == {name_of(file): content_of(CAT, 20_000)}


def test_a_store_that_takes_nothing_is_tried_again(worker: WorkerRuntime, simulator: Simulator, folder: Path) -> None:
    files = arrive(worker, simulator, CAT)
    (folder / "default").write_text("in the way")
    copy(worker, files)
    assert standing(worker) == [("waiting", "the folder did not take it (Not a directory)")]


def test_any_storage_that_fsspec_reaches_will_do(make_runtime: RuntimeMaker, simulator: Simulator) -> None:
    fsspec = pytest.importorskip("fsspec")
    worker = make_runtime(keeping_in("memory://pictures/in"))
    files = arrive(worker, simulator, CAT)
    assert copy(worker, files) == ["copied"]
    memory, path = fsspec.filesystem("memory"), f"/pictures/in/{name_of(files[0])}"
    assert memory.cat_file(path) == content_of(CAT, 20_000)
    with worker.base.pool.connection() as connection:
        connection.execute("update inbound_media set state = 'erasing'")
    assert copy(worker, files) == ["erased"]
    assert not memory.exists(path)


@pytest.mark.parametrize(
    ("store", "why"),
    [
        ("pictures", "absolute path"),
        ("s3://user:secret@bucket/media", "neither a login nor a query"),
        ("/dev/null/media", "the folder cannot be used"),
        ("nothing-known://bucket/media", "cannot be used"),
    ],
)
def test_a_worker_with_a_store_that_cannot_be_does_not_start(make_runtime: RuntimeMaker, store: str, why: str) -> None:
    with pytest.raises(InvalidSettings, match=why) as caught:
        make_runtime(keeping_in(store))
    assert "tenants.default.inbound_media.store" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("sid", ["../../etc/passwd", "MM1", "SM" + "g" * 32])
def test_what_is_no_sid_of_twilios_never_becomes_a_path(worker: WorkerRuntime, sid: str) -> None:
    take_in(worker, sid, ["https://example.com/cat.png"])
    assert standing(worker) == []


def test_a_file_of_nobody_is_no_error(worker: WorkerRuntime) -> None:
    worker.copying.run(FileId("nobody", "MM" + "1" * 32, 0))
    assert standing(worker) == []
