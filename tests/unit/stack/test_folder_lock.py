"""One owner for each folder, and no lock that outlives its owner."""

import os
import threading
from pathlib import Path

import pytest

from messaging_pipeline.stack.folder_lock import FolderInUse, FolderLock
from messaging_pipeline.stack.processes import RunningProcess
from tests.support.children import SAYS_READY, WAIT_SECONDS, says, spec


def test_a_locked_folder_is_refused_and_the_holder_named(tmp_path: Path) -> None:
    with FolderLock(tmp_path), pytest.raises(FolderInUse) as refused:
        FolderLock(tmp_path)
    assert f"{tmp_path} is in use by process {os.getpid()}" in str(refused.value)


def test_a_released_folder_can_be_locked_again(tmp_path: Path) -> None:
    FolderLock(tmp_path).release()
    with FolderLock(tmp_path):
        pass


def test_releasing_twice_is_harmless(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    lock.release()
    lock.release()


def test_two_folders_do_not_know_each_other(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    with FolderLock(tmp_path / "one"), FolderLock(tmp_path / "two"):
        pass


def test_a_lock_is_waited_for_while_its_holder_is_leaving(tmp_path: Path) -> None:
    holder = FolderLock(tmp_path)
    leaving = threading.Timer(0.1, holder.release)
    leaving.start()
    with FolderLock(tmp_path, wait_seconds=WAIT_SECONDS):
        leaving.join()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_a_folder_of_another_accounts_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(FolderInUse, match="another account"):
        FolderLock(tmp_path)


def test_a_child_that_inherited_the_lock_keeps_the_folder(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    lock = FolderLock(tmp_path)
    child = RunningProcess(spec(SAYS_READY, ready=says(log), inherit=(lock.fileno(),)), log)
    try:
        child.wait_until_ready(WAIT_SECONDS)
        lock.release()
        with pytest.raises(FolderInUse):
            FolderLock(tmp_path)
    finally:
        child.stop()
    FolderLock(tmp_path).release()
