"""Places that an account without privileges can reach."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from messaging_pipeline.stack.unprivileged import copy_tree, elsewhere, reachable


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    made = elsewhere(tmp_path)
    yield made
    shutil.rmtree(made)


def _mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_what_lies_below_a_closed_folder_is_not_reachable(place: Path) -> None:
    inside = place / "closed" / "inside"
    inside.mkdir(parents=True)
    assert reachable(inside)
    inside.parent.chmod(0o700)
    assert not reachable(inside)


def test_a_link_counts_for_what_it_leads_to(place: Path) -> None:
    (place / "closed").mkdir(mode=0o700)
    (place / "closed" / "file").touch()
    (place / "link").symlink_to(place / "closed" / "file")
    assert not reachable(place / "link")


def test_the_place_elsewhere_is_reachable_and_no_one_but_us_can_put_anything_there(place: Path) -> None:
    assert reachable(place / "anything")
    assert _mode(place) == 0o711
    assert place.stat().st_uid == os.geteuid()


def test_the_place_elsewhere_is_the_same_each_time(tmp_path: Path, place: Path) -> None:
    assert elsewhere(tmp_path) == place


def test_a_place_that_was_cleaned_away_is_replaced(tmp_path: Path) -> None:
    elsewhere(tmp_path).rmdir()
    place = elsewhere(tmp_path)
    assert place.is_dir()
    place.rmdir()


def test_a_copy_can_be_read_and_run_by_everyone(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "bin").mkdir(parents=True, mode=0o700)
    (source / "bin" / "program").touch(mode=0o700)
    (source / "data").touch(mode=0o600)
    copy_tree(source, tmp_path / "copy")
    assert _mode(tmp_path / "copy" / "bin") & 0o055 == 0o055
    assert _mode(tmp_path / "copy" / "bin" / "program") == 0o755
    assert _mode(tmp_path / "copy" / "data") == 0o644


def test_a_copy_that_was_interrupted_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "file").touch()
    (tmp_path / "copy.unfinished").mkdir()
    copy_tree(tmp_path / "source", tmp_path / "copy")
    assert [path.name for path in (tmp_path / "copy").iterdir()] == ["file"]
