"""How modules are named, how long they are, and that each says what it is."""

import sys
from importlib.metadata import packages_distributions

from tests.support.product_source import PROJECT, READS_THE_SOURCE, Module, modules_of_tests, product_modules

pytestmark = READS_THE_SOURCE

MOST_LINES = 400
NAMES_THAT_SAY_NOTHING = {"util", "utils", "helper", "helpers", "common", "manager", "managers", "misc", "core", "base"}
OURS = {"messaging_pipeline", "workers", "webhooks", "__main__"}


def everything() -> list[Module]:
    return [*product_modules(), *modules_of_tests()]


def taken_names() -> set[str]:
    """The importable names of the standard library and of everything that is installed."""
    return (set(sys.stdlib_module_names) | set(packages_distributions())) - OURS


def test_every_module_opens_with_a_sentence() -> None:
    beginnings = {module.name: module.docstring.partition("\n\n")[0].rstrip() for module in everything()}
    assert [name for name, beginning in beginnings.items() if not beginning.endswith((".", "?", ":", "::"))] == []


def test_every_file_of_ours_is_short_enough_to_be_read_at_once() -> None:
    files = [module.path for module in everything()] + sorted((PROJECT / "messaging_pipeline").rglob("*.sql"))
    lengths = {str(file.relative_to(PROJECT)): len(file.read_text("utf-8").splitlines()) for file in files}
    assert {name: length for name, length in lengths.items() if length > MOST_LINES} == {}


def test_every_modules_name_says_what_is_in_it() -> None:
    assert [module.name for module in product_modules() if module.file_name in NAMES_THAT_SAY_NOTHING] == []


def test_no_module_has_a_name_of_the_standard_library_or_of_a_dependency() -> None:
    taken = taken_names()
    assert [module.name for module in product_modules() if module.file_name in taken] == []
