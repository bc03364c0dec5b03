"""The private Postgres: keeps what it is given, recovers, and leaves nothing behind."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from messaging_pipeline.stack import unprivileged
from messaging_pipeline.stack.embedded import Postgres, start_postgres
from messaging_pipeline.stack.folder_lock import FolderInUse
from tests.support.children import has_ended, is_running, kill_quietly

PROJECT = Path(__file__).parents[2]
FAST = {"fsync": "off"}

pytestmark = pytest.mark.xdist_group("postgres")  # one first start serves them all

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="concerns runs as root")


@pytest.fixture
def bare_folder() -> Iterator[Path]:
    """A folder that every account can reach, as pytest's own is not."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o711)
        yield Path(made) / "postgres"


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder in which a server has run once, and will again and again: making one takes its time."""
    with tempfile.TemporaryDirectory() as made:
        Path(made).chmod(0o711)
        _start(Path(made) / "postgres").stop()
        yield Path(made) / "postgres"


def _copy(source: Path, target: Path) -> Path:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)
    return target


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Postgres]:
    """A server to ask questions of, with the settings it has by itself."""
    with start_postgres(_copy(folder, folder.with_name("shared"))) as running:
        yield running


def _start(folder: Path) -> Postgres:
    return start_postgres(folder, settings=FAST)


def _ask(server: Postgres, question: str) -> str:
    with psycopg.connect(server.dsn) as connection:
        return str(connection.execute(question.encode()).fetchone()[0])  # type: ignore[index]


def _remember(server: Postgres, word: str) -> None:
    with psycopg.connect(server.dsn) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS memory (word text)")
        connection.execute("INSERT INTO memory VALUES (%s)", [word])


def _remembers(server: Postgres, word: str) -> bool:
    return _ask(server, f"SELECT count(*) FROM memory WHERE word = '{word}'") == "1"


def test_after_an_immediate_shutdown_it_can_be_started_again_and_remembers(folder: Path) -> None:
    with start_postgres(_copy(folder, folder.with_name("restarted"))) as server:
        _remember(server, "committed")
        server.crash(signal.SIGQUIT)
        server.start_again()
        assert _remembers(server, "committed")


def test_what_was_written_is_there_after_a_restart(folder: Path) -> None:
    with _start(folder) as server:
        _remember(server, "kept")
    with _start(folder) as server:
        assert _remembers(server, "kept")


def test_no_process_is_left_after_stop(folder: Path) -> None:
    server = _start(folder)
    backend = int(_ask(server, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'"))
    server.stop()
    server.stop()  # which is harmless
    assert has_ended(server.pid, within_seconds=0)
    assert has_ended(backend, within_seconds=0)


def test_a_client_that_stays_connected_does_not_hold_up_the_stop(folder: Path) -> None:
    with _start(folder) as server:
        client = psycopg.connect(server.dsn)
    assert has_ended(server.pid, within_seconds=0)
    client.close()


def test_it_can_be_reached_through_its_socket_only(server: Postgres) -> None:
    assert _ask(server, "SHOW listen_addresses") == ""
    assert (server.data.stat().st_mode & 0o077) == 0


def test_it_has_room_for_the_connections_of_all_processes(server: Postgres) -> None:
    assert _ask(server, "SHOW max_connections") == "200"


def test_text_is_utf_8_and_sorts_alike_on_every_machine(server: Postgres) -> None:
    assert _ask(server, "SHOW server_encoding") == "UTF8"
    assert _ask(server, "SELECT string_agg(w, '' ORDER BY w) FROM unnest('{a,B,c}'::text[]) w") == "Bac"
    assert _ask(server, "SELECT lower('Ü')") == "ü"


def test_variables_meant_for_another_postgres_do_not_steer_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGDATA", "/nonexistent")
    monkeypatch.setenv("PGPORT", "1")
    with _start(folder) as server:
        assert _ask(server, "SELECT 1") == "1"


def test_two_folders_have_two_servers_with_their_own_settings_and_data(server: Postgres, folder: Path) -> None:
    with start_postgres(folder, settings={"fsync": "off"}) as other:
        with psycopg.connect(other.dsn) as connection:
            connection.execute("CREATE TABLE theirs ()")
        assert other.dsn != server.dsn
        assert _ask(server, "SELECT to_regclass('theirs')") == "None"
        assert (_ask(server, "SHOW fsync"), _ask(other, "SHOW fsync")) == ("on", "off")


def test_a_folder_in_use_is_refused(server: Postgres) -> None:
    with pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
        start_postgres(server.data.parent, wait_seconds=0)
    assert _ask(server, "SELECT 1") == "1"


@pytest.mark.parametrize(
    "path",
    [
        pytest.param("a-folder-with-quite-a-long-name/" * 5, id="much longer than a socket's name may be"),
        pytest.param('it\'s a "folder" & 50%', id="with blanks and quotes"),
    ],
)
def test_no_path_is_an_obstacle(bare_folder: Path, folder: Path, path: str) -> None:
    (bare_folder / path).parent.mkdir(parents=True)
    with _start(_copy(folder, bare_folder / path)) as server:
        assert _ask(server, "SELECT 1") == "1"
        assert server.data.is_relative_to(bare_folder / path)


def test_a_server_that_was_killed_recovers_what_it_had_confirmed(folder: Path) -> None:
    with _start(folder) as server:
        _remember(server, "confirmed")
        os.kill(server.pid, signal.SIGKILL)
        assert has_ended(server.pid)
    with _start(folder) as server:
        assert _remembers(server, "confirmed")


def test_a_process_id_that_belongs_to_another_program_by_now_is_no_obstacle(folder: Path) -> None:
    """As in a container that starts anew, where ids repeat; the stand-in runs under the server's account."""
    with _start(folder) as server:
        files = [server.data / "postmaster.pid", server.data / ".s.PGSQL.5432.lock"]
        left = [file.read_text() for file in files]
    with subprocess.Popen(["sleep", "60"], user=unprivileged.account_needed()) as other:
        try:
            for file, text in zip(files, left, strict=True):
                file.write_text(text.replace(str(server.pid), str(other.pid), 1))
            with _start(folder) as server:
                assert _ask(server, "SELECT 1") == "1"
            assert is_running(other.pid)
        finally:
            other.kill()


def test_a_server_that_somebody_else_runs_on_the_folder_is_left_alone(folder: Path) -> None:
    with _start(folder) as ours:
        copy = folder / "copy"
        copy.mkdir()
        shutil.move(folder / "lock", copy / "lock")  # as if it had been started by other means
        with pytest.raises(FolderInUse, match="was not started from here"):
            _start(folder)
        assert _ask(ours, "SELECT 1") == "1"


def test_an_interrupted_first_start_is_begun_anew(bare_folder: Path) -> None:
    folder = bare_folder
    (folder / "data.unfinished").mkdir(parents=True)
    (folder / "data.unfinished" / "PG_VERSION").write_text("18\n")
    with _start(folder) as server:
        assert _ask(server, "SELECT 1") == "1"
    assert not (folder / "data.unfinished").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_a_killed_parent_takes_the_server_along_and_the_next_start_waits_for_it(folder: Path) -> None:
    doomed = [sys.executable, "-m", "tests.support.doomed_servers", str(folder), "postgres"]
    with subprocess.Popen(doomed, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, signal.SIGSTOP)  # so that it takes its time
        parent.kill()
    try:
        with pytest.raises(FolderInUse):
            start_postgres(folder, wait_seconds=0)
        os.kill(pid, signal.SIGCONT)
        with _start(folder) as server:
            assert has_ended(pid, within_seconds=0)
            assert _ask(server, "SELECT 1") == "1"
    finally:
        kill_quietly(pid)


@root_only
def test_as_root_a_folder_that_others_cannot_reach_stays_closed(tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with _start(closed / "postgres") as server:
        _remember(server, "kept")
        place = server.data.parent
    try:
        with _start(closed / "postgres") as server:
            assert _remembers(server, "kept")
            assert server.data.parent == place
        assert (closed.stat().st_mode & 0o777) == 0o700
        assert not place.is_relative_to(tmp_path)
    finally:
        shutil.rmtree(place)
