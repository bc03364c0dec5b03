"""The site's navigation is docs/index.md: its headings are the sections, the links under them the pages."""

import re
from pathlib import Path
from typing import Any

_ENTRY = re.compile(r"^## (?P<section>.+)$|^\| \[(?P<title>[^]]+)\]\((?P<page>[^):#]+)\)", re.MULTILINE)


def on_config(config: Any) -> Any:
    """Give MkDocs its navigation."""
    config.nav = navigation(Path(config.docs_dir))
    return config


def navigation(docs: Path) -> list[Any]:
    """Read the sections and their pages; a folder stands for all of its pages, in the order of their names."""
    entries: list[Any] = [{"Documentation": "index.md"}]
    for entry in _ENTRY.finditer((docs / "index.md").read_text("utf-8")):
        if entry["section"]:
            entries.append({entry["section"]: []})
        elif (docs / entry["page"]).is_dir():
            _pages(entries).extend(_folder(docs, entry["page"]))
        elif entry["page"].endswith(".md") and not entry["page"].startswith("../"):
            _pages(entries).append(_page(entry["title"], entry["page"]))
    return entries


def _pages(entries: list[Any]) -> list[Any]:
    (pages,) = entries[-1].values()
    return pages if isinstance(pages, list) else entries


def _page(title: str, page: str) -> Any:
    """A page by its title; one that goes by the name of its file is called what its heading says."""
    return page if title == page else {title: page}


def _folder(docs: Path, name: str) -> list[str]:
    return [str(path.relative_to(docs)) for path in sorted((docs / name).glob("*.md"))]
