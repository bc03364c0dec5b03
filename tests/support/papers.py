"""The project's papers, read as what they are made of: links, tables, and blocks to run or to read."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import dedent

from tests.support.product_source import PROJECT

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``place`` says where it is."""

    place: str
    language: str
    text: str


@dataclass(frozen=True)
class Paper:
    """One page."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        return str(self.path.relative_to(PROJECT))

    @property
    def prose(self) -> str:
        """The page without its blocks."""
        return _FENCE.sub("", self.text)

    def blocks(self) -> Iterator[Block]:
        for match in _FENCE.finditer(self.text):
            line = self.text.count("\n", 0, match.start()) + 1
            yield Block(f"{self.name}:{line}", match[2], dedent(match[3]))

    def code(self) -> Iterator[str]:
        """Everything that is set as code."""
        yield from (block.text for block in self.blocks())
        yield from _SPAN.findall(self.prose)

    def links(self) -> list[str]:
        """Where the page points to, addresses on the web left out."""
        return [link for link in _LINK.findall(self.prose) if not link.startswith(("https://", "http://"))]

    def anchors(self) -> set[str]:
        """The headings as GitHub names them in addresses."""
        headings = (_NOT_IN_ANCHORS.sub("", heading.replace("`", "")) for heading in _HEADING.findall(self.prose))
        return {heading.strip().lower().replace(" ", "-") for heading in headings}

    def table(self, heading: str) -> list[tuple[str, ...]]:
        """The rows of the first table whose head begins with this cell."""
        _, found, after = self.text.partition(f"\n| {heading} |")
        assert found, f"{self.name} has no table with the heading {heading}"
        lines = after.partition("\n\n")[0].splitlines()[2:]
        return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]


@cache
def paper(name: str) -> Paper:
    """The page of this name."""
    path = PROJECT / name
    return Paper(path, path.read_text("utf-8"))


@cache
def papers() -> tuple[Paper, ...]:
    """All pages: those of the front folder and those of ``docs``."""
    found = [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
    return tuple(paper(str(path.relative_to(PROJECT))) for path in sorted(found))


def blocks(*languages: str) -> list[Block]:
    """All blocks in one of these languages."""
    return [block for page in papers() for block in page.blocks() if block.language in languages]
