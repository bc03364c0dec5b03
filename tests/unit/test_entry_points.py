"""Functions that the configuration names: found and tried on when a process starts."""

import pytest

from messaging_pipeline.entry_points import load_function
from messaging_pipeline.errors import InvalidSettings
from tests.support import shop


def test_a_function_is_found() -> None:
    assert load_function("tests.support.shop:status", "handlers.STATUS.python", arguments=1) is shop.status


@pytest.mark.parametrize(
    ("entry_point", "word"),
    [
        ("tests.support.nowhere:status", "cannot be loaded"),
        ("tests.support.shop:nothing", "cannot be loaded"),
        ("tests.support.broken_module:status", "cannot be loaded"),
        ("tests.support.shop:__name__", "is no function"),
        ("tests.support.shop:later", "is no function"),
        ("tests.support.shop:of_nothing", "does not take 1 argument"),
    ],
)
def test_what_could_not_be_called_is_named_with_its_setting(entry_point: str, word: str) -> None:
    with pytest.raises(InvalidSettings, match=word) as refusal:
        load_function(entry_point, "handlers.STATUS.python", arguments=1)
    assert refusal.value.setting == "handlers.STATUS.python"


def test_a_class_and_what_is_written_in_c_are_functions_too() -> None:
    assert load_function("builtins:str", "x", arguments=1) is str
    assert load_function("tests.support.shop:Shop", "x", arguments=0) is shop.Shop
