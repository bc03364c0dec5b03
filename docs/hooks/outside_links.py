"""Links of the pages to files that are neither pages nor pictures lead to the repository, when the pages are a site."""

import re
from pathlib import Path
from typing import Any

_REPOSITORY = "https://github.com/messaging-pipeline/messaging-pipeline"
_ON_THE_SITE = {".md", ".svg"}
_LINK = re.compile(r"\]\(([^)\s:#]+)(#[^)\s]*)?\)")


def on_page_markdown(markdown: str, *, page: Any, config: Any, **_: Any) -> str:
    """Rewrite the links of one page."""
    return rewritten(markdown, Path(config.docs_dir, page.file.src_uri), Path(config.docs_dir))


def rewritten(markdown: str, path: Path, docs: Path) -> str:
    """Return the page at this path with such links rewritten; those to other pages and to pictures stay as they are."""

    def link(found: re.Match[str]) -> str:
        target = (path.parent / found[1]).resolve()
        if target.suffix in _ON_THE_SITE and target.is_relative_to(docs.resolve()):
            return found[0]
        kind = "tree" if target.is_dir() else "blob"
        return f"]({_REPOSITORY}/{kind}/main/{target.relative_to(docs.resolve().parent)}{found[2] or ''})"

    return _LINK.sub(link, markdown)
