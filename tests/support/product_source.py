"""The product's own source, read as syntax: what each module imports, says and calls."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import pytest

#: Tests that read the source run in one process, which parses it once.
READS_THE_SOURCE = pytest.mark.xdist_group("source")
PROJECT = Path(__file__).parents[2]
DEPLOYABLES = ("messaging_pipeline", "workers", "webhooks")
FRONT_DOOR = "(front door)"


@dataclass(frozen=True)
class Module:
    """One Python file; ``name`` is dotted, and a package goes by its own name."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def room(self) -> str:
        """The part of the library that the module belongs to, or the deployable beside the library."""
        return room_of(self.name) or self.name.partition(".")[0]

    @property
    def file_name(self) -> str:
        """The name under which it could shadow another module."""
        return self.path.parent.name if self.path.name == "__init__.py" else self.path.stem

    @property
    def docstring(self) -> str:
        return ast.get_docstring(self.tree) or ""

    @property
    def lines(self) -> int:
        return len(self.path.read_text("utf-8").splitlines())

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Every module or name that is imported anywhere in the file, for type checkers too."""
        return tuple(self._imports())

    def _imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{self.name} imports relatively"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)

    def libraries(self) -> set[str]:
        """The top names of everything that is imported."""
        return {imported.partition(".")[0] for imported in self.imports}

    def rooms(self) -> set[str]:
        """The rooms of the library that it imports from, its own left out."""
        found = {room_of(imported) for imported in self.imports if imported.startswith("messaging_pipeline")}
        return {room for room in found if room is not None} - {self.room}

    def texts(self) -> list[str]:
        """Every string that is not there for people to read in the source."""
        read_by_people = {id(text) for text in _docstrings(self.tree)}
        return [
            node.value
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in read_by_people
        ]

    def calls(self, function: str) -> Iterator[ast.Call]:
        """Every call of a function by this bare name."""
        for node in ast.walk(self.tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == function:
                yield node


def room_of(name: str) -> str | None:
    """The room of a dotted name, or None outside of the library; what is taken from the package itself is its front."""
    package, _, rest = name.partition(".")
    if package != "messaging_pipeline":
        return None
    room = rest.partition(".")[0]
    folder = PROJECT / package
    is_room = bool(room) and ((folder / f"{room}.py").exists() or (folder / room).is_dir())
    return room if is_room else FRONT_DOOR


@cache
def product_modules() -> tuple[Module, ...]:
    """All modules of the three deployables."""
    return tuple(_module(path) for top in DEPLOYABLES for path in sorted((PROJECT / top).rglob("*.py")))


@cache
def modules_of_tests() -> tuple[Module, ...]:
    """All modules of the tests."""
    return tuple(_module(path) for path in sorted((PROJECT / "tests").rglob("*.py")))


def _module(path: Path) -> Module:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    return Module(name, path, ast.parse(path.read_text("utf-8")))


def _docstrings(tree: ast.Module) -> Iterator[ast.AST]:
    """Strings that stand as statements of their own: docstrings, and notes below a constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
