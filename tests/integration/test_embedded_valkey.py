"""The private Valkey: keeps what it is given, keeps others out, and leaves nothing behind."""

import os
import signal
import socket
import stat
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from messaging_pipeline.stack.embedded import Valkey, start_valkey
from messaging_pipeline.stack.folder_lock import FolderInUse
from messaging_pipeline.stack.ports import free_port
from tests.support.children import has_ended, kill_quietly

ONCE = Retry(NoBackoff(), 0)
PROJECT = Path(__file__).parents[2]


def _client(server: Valkey) -> "redis.Redis[str]":
    return redis.Redis.from_url(server.url, decode_responses=True)


def _write(server: Valkey, key: str, value: str) -> None:
    with _client(server) as client:
        client.set(key, value)


def _read(server: Valkey, key: str) -> object:
    with _client(server) as client:
        return client.get(key)


def test_what_was_written_is_there_after_a_restart(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server:
        _write(server, "word", "kept")
    with start_valkey(tmp_path) as server:
        assert _read(server, "word") == "kept"


def test_the_next_one_in_the_folder_is_at_the_same_address_with_the_same_password(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server:
        url = server.url
    with start_valkey(tmp_path) as server:
        assert server.url == url


def test_where_somebody_else_listens_by_now_both_port_and_password_are_new(tmp_path: Path) -> None:
    """Clients of the last one have told its password to whoever listens there."""
    with start_valkey(tmp_path) as server:
        last = urlsplit(server.url)
    with socket.create_server((str(last.hostname), int(last.port or 0))), start_valkey(tmp_path) as server:
        now = urlsplit(server.url)
    assert now.port != last.port
    assert now.password != last.password


def test_after_a_crash_it_can_be_started_again_at_the_same_address(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server:
        server.crash()
        assert server.failure() is not None
        server.start_again()
        assert server.failure() is None
        _write(server, "word", "after")
        assert _read(server, "word") == "after"


def test_no_process_is_left_after_stop(tmp_path: Path) -> None:
    server = start_valkey(tmp_path)
    server.stop()
    server.stop()
    assert has_ended(server.pid, within_seconds=0)


def test_two_folders_have_two_servers(tmp_path: Path) -> None:
    with start_valkey(tmp_path / "one") as one, start_valkey(tmp_path / "two") as two:
        _write(one, "word", "one")
        assert _read(two, "word") is None


def test_a_client_without_the_password_is_refused(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server:
        address = urlsplit(server.url)
        with (
            redis.Redis(host=str(address.hostname), port=int(address.port or 0), retry=ONCE) as stranger,
            pytest.raises(redis.AuthenticationError),
        ):
            stranger.ping()


def test_the_password_is_on_no_command_line_and_in_no_readable_file(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server:
        password = urlsplit(server.url).password
        assert password
        with _client(server) as client:
            assert client.config_get("requirepass")["requirepass"] == password
        command_line = subprocess.check_output(["ps", "-ww", "-o", "args=", "-p", str(server.pid)], text=True)
        assert "valkey-server" in command_line
        assert password not in command_line
        assert password not in repr(server)
        assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o700
        assert stat.S_IMODE((tmp_path / "valkey.conf").stat().st_mode) == 0o600


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server, _client(server) as client:
        assert urlsplit(server.url).hostname == "127.0.0.1"
        assert client.config_get("bind")["bind"] == "127.0.0.1"


def test_every_write_goes_to_a_log_on_disk_and_nothing_is_evicted(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server, _client(server) as client:
        assert client.config_get("appendonly", "appendfsync", "maxmemory-policy") == {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "maxmemory-policy": "noeviction",
        }


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with start_valkey(tmp_path), pytest.raises(FolderInUse, match=f"process {os.getpid()}"):
        start_valkey(tmp_path, wait_seconds=0)


def test_when_somebody_was_faster_to_take_the_port_another_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as faster:
        taken = faster.getsockname()[1]
        ports = iter([taken, free_port()])
        monkeypatch.setattr("messaging_pipeline.stack.embedded_valkey.free_port", lambda: next(ports))
        with start_valkey(tmp_path) as server:
            assert urlsplit(server.url).port != taken


def test_a_path_with_blanks_and_quotes_is_no_obstacle(tmp_path: Path) -> None:
    folder = tmp_path / 'it\'s a "folder" \\ & 50%'
    with start_valkey(folder) as server:
        _write(server, "word", "kept")
    assert (folder / "appendonlydir").is_dir()


def test_a_server_that_was_killed_has_what_reached_its_log(tmp_path: Path) -> None:
    with start_valkey(tmp_path) as server:
        with _client(server) as client:
            client.config_set("appendfsync", "always")
            client.set("word", "kept")
        os.kill(server.pid, signal.SIGKILL)
        assert has_ended(server.pid)
    with start_valkey(tmp_path) as server:
        assert _read(server, "word") == "kept"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_a_killed_parent_takes_the_server_along_and_the_next_start_waits_for_it(tmp_path: Path) -> None:
    doomed = [sys.executable, "-m", "tests.support.doomed_servers", str(tmp_path), "valkey"]
    with subprocess.Popen(doomed, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, signal.SIGSTOP)  # so that it takes its time
        parent.kill()
    try:
        with pytest.raises(FolderInUse):
            start_valkey(tmp_path, wait_seconds=0)
        os.kill(pid, signal.SIGCONT)
        with start_valkey(tmp_path):
            assert has_ended(pid, within_seconds=0)
    finally:
        kill_quietly(pid)
