"""Made-up credentials: stable, private, and different in every folder."""

import stat
from pathlib import Path

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.stack.local_secrets import local_secrets


def test_secrets_stay_the_same_from_run_to_run(tmp_path: Path) -> None:
    assert local_secrets(tmp_path) == local_secrets(tmp_path)


def test_two_folders_have_different_secrets(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    one, other = local_secrets(tmp_path), local_secrets(tmp_path / "other")
    assert one.auth_token != other.auth_token
    assert one.encryption_key != other.encryption_key
    assert one.account_sid != other.account_sid


def test_only_the_owner_can_read_the_file(tmp_path: Path) -> None:
    local_secrets(tmp_path)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_an_interrupted_start_left_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "secrets.unfinished").write_text('{"account_')
    local_secrets(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["secrets.json"]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"auth_token": "one"}'])
def test_a_file_that_was_tampered_with_is_named_and_kept(tmp_path: Path, text: str) -> None:
    (tmp_path / "secrets.json").write_text(text)
    with pytest.raises(InvalidSettings, match=r"secrets\.json"):
        local_secrets(tmp_path)
    assert (tmp_path / "secrets.json").read_text() == text


def test_secrets_do_not_show_in_a_repr(tmp_path: Path) -> None:
    secrets = local_secrets(tmp_path)
    assert secrets.auth_token not in repr(secrets)
    assert secrets.encryption_key not in repr(secrets)
