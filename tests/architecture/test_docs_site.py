"""The papers as a site: built strictly, whole, and without asking anybody else."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from docs.hooks.navigation import navigation
from docs.hooks.outside_links import rewritten
from tests.support.papers import papers
from tests.support.product_source import PROJECT

DOCS = PROJECT / "docs"
LOADED = re.compile(
    r"""<(?:script|img|iframe|source)\b[^>]*\bsrc=["']?(?:https?:)?//|<link\b[^>]*href=["']?https?://"""
)
LOADED_BY_STYLE = re.compile(r"url\(['\"]?https?:|@import")
SHOWN = re.compile(r"""<img\b[^>]*\bsrc=["']?([^"' >]+)""")
CODE = re.compile(r"<(pre|code)\b.*?</\1>", re.DOTALL)
LEFT_AS_TEXT = re.compile(r"```|<p>\||\]\([^)]*\)|^- .{1,20}|^\d\d?\. .{1,20}", re.MULTILINE)

# Built once, by one worker.
pytestmark = pytest.mark.xdist_group("site")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", str(folder)],
        cwd=PROJECT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def addresses(entries: object) -> Iterator[str]:
    """Every page of a navigation."""
    if isinstance(entries, str):
        yield entries
    elif isinstance(entries, dict):
        for entry in entries.values():
            yield from addresses(entry)
    elif isinstance(entries, list):
        for entry in entries:
            yield from addresses(entry)


def pages_of_docs() -> list[str]:
    return sorted(str(page.path.relative_to(DOCS)) for page in papers() if page.path.is_relative_to(DOCS))


def test_every_page_is_in_the_navigation_once() -> None:
    assert sorted(addresses(navigation(DOCS))) == pages_of_docs()


def test_the_site_has_every_page(site: Path) -> None:
    made = {str(path.relative_to(site)) for path in site.rglob("*.html")}
    wanted = {name if name == "index.md" else f"{name.removesuffix('.md')}/index.md" for name in pages_of_docs()}
    assert {name.replace(".md", ".html") for name in wanted} - made == set()


def test_a_reader_of_the_site_asks_no_other_host(site: Path) -> None:
    """The theme's own script asks GitHub for stars and unpkg for Mermaid, when a page brings what it looks for."""
    asking = re.compile(r'data-md-component="?source|class="?mermaid')
    pages = {path: path.read_text("utf-8") for path in site.rglob("*.html")}
    assert [path.name for path, text in pages.items() if LOADED.search(text) or asking.search(text)] == []
    styles = [path.read_text("utf-8") for path in site.rglob("*.css")]
    assert styles
    assert [found for style in styles if (found := LOADED_BY_STYLE.search(style))] == []


def test_every_picture_of_a_page_is_on_the_site(site: Path) -> None:
    shown = {
        (page.parent / address).resolve()
        for page in site.rglob("*.html")
        for address in SHOWN.findall(page.read_text("utf-8"))
        if not address.startswith("data:")
    }
    assert {path for path in shown if not path.is_file()} == set()
    pictures = {path.name for path in (DOCS / "pictures").glob("*.svg")}
    assert pictures - {path.name for path in shown} == set()


def test_the_site_understands_the_markup_as_github_does(site: Path) -> None:
    """A table, list or fence that needed an empty line before it, or more room in a list, would be left as text."""
    left = {}
    for path in site.rglob("index.html"):
        article = path.read_text("utf-8").partition("<article")[2].partition("</article>")[0]
        left[path.parent.name] = LEFT_AS_TEXT.findall(CODE.sub("", article))
    assert {name: found for name, found in left.items() if found} == {}


@pytest.mark.parametrize(
    ("link", "leads_to"),
    [
        ("audit.md#rules", "audit.md#rules"),
        ("pictures/pacing.svg", "pictures/pacing.svg"),
        ("../README.md", "https://github.com/messaging-pipeline/messaging-pipeline/blob/main/README.md"),
        ("deploy/nginx", "https://github.com/messaging-pipeline/messaging-pipeline/tree/main/docs/deploy/nginx"),
        ("#here", "#here"),
        ("https://example.com/x.md", "https://example.com/x.md"),
    ],
)
def test_what_is_no_page_is_linked_in_the_repository(link: str, leads_to: str) -> None:
    assert rewritten(f"See [this]({link}).", DOCS / "operations.md", DOCS) == f"See [this]({leads_to})."


def test_make_docs_is_strict() -> None:
    assert "-m mkdocs build --strict" in (PROJECT / "Makefile").read_text("utf-8")
