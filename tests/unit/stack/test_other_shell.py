"""What another shell is told: all that the stack has made, and of the caller's own only the names."""

from collections.abc import Mapping
from pathlib import Path
from unittest.mock import Mock

from messaging_pipeline.stack.child_environment import own_variables
from messaging_pipeline.stack.local import LocalStack
from messaging_pipeline.stack.local_secrets import local_secrets
from messaging_pipeline.stack.local_servers import LocalServers
from messaging_pipeline.stack.other_shell import how_to_join
from messaging_pipeline.stack.supervisor import Supervisor

SECRET = "known-to-the-shop-and-us"


def stack(
    folder: Path, given: Mapping[str, str], made: Mapping[str, str] | None = None, *, has_moved: bool = False
) -> LocalStack:
    ours = {**own_variables(given, local_secrets(folder), 3000), **(made or {})}
    servers = LocalServers(None, None, {})
    return LocalStack(given, ours, {}, None, folder, servers, has_moved, Mock(spec=Supervisor))


def test_the_callers_file_is_named_as_every_folder_can_find_it(tmp_path: Path) -> None:
    (tmp_path / "messaging.toml").write_text("[services.default]\n")
    relative = Path("..") / tmp_path.name / "messaging.toml"
    (tmp_path / "other").mkdir()
    given = {"MESSAGING_CONFIG": str(tmp_path / relative)}
    assert f"export MESSAGING_CONFIG={tmp_path / relative}" in how_to_join(stack(tmp_path, given))


def test_a_relative_path_becomes_a_whole_one(tmp_path: Path) -> None:
    made = own_variables({"MESSAGING_CONFIG": " messaging.toml "}, local_secrets(tmp_path), 3000)
    assert made["MESSAGING_CONFIG"] == str(Path.cwd() / "messaging.toml")


def test_secrets_that_the_file_names_and_the_callers_own_settings_are_named_and_not_told(tmp_path: Path) -> None:
    file = tmp_path / "messaging.toml"
    file.write_text("""
        [receivers.shop]
        url = "https://example.com/"
        secret = "env:SHOP_EVENTS_SECRET"
        [[others]]
        secrets = ["env:ANOTHER", "env:NOT_SET", "file:/run/secret"]
    """)
    given = {
        "MESSAGING_CONFIG": str(file),
        "SHOP_EVENTS_SECRET": SECRET,
        "ANOTHER": SECRET,
        "DATABASE_URL": f"postgresql://{SECRET}@db/",
        "HOST": "laptop",
        "PORT": "3000",
    }
    lines = how_to_join(stack(tmp_path, given))
    assert "# Set here too what you have set there: ANOTHER, DATABASE_URL, SHOP_EVENTS_SECRET" in lines
    assert SECRET not in "\n".join(lines)


def test_without_anything_of_the_callers_own_nothing_is_to_be_set(tmp_path: Path) -> None:
    assert not [line for line in how_to_join(stack(tmp_path, {})) if line.startswith("#")]


def test_a_shell_from_an_earlier_run_is_told_that_the_ports_have_changed(tmp_path: Path) -> None:
    told = "Ports have changed: what an earlier run printed is no longer good."
    assert told in how_to_join(stack(tmp_path, {}, has_moved=True))
    assert told not in how_to_join(stack(tmp_path, {}))
