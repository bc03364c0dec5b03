"""The table of docs/metrics.md, from the catalogue: ``python -m tests.support.metrics_page`` writes it anew."""

import re

import messaging_pipeline.metrics  # noqa: F401 - every metric is made when this is loaded
from messaging_pipeline.metrics.catalogue import catalogue
from tests.support.product_source import PROJECT

PAGE = PROJECT / "docs" / "metrics.md"
_HEAD = "| metric | type | labels | meaning |\n| --- | --- | --- | --- |\n"


def rows() -> list[tuple[str, ...]]:
    """The cells of the table."""
    return [
        (f"`{one.name}`", one.kind, ", ".join(f"`{label}`" for label in one.labels), one.meaning) for one in catalogue()
    ]


def write() -> None:
    """Put the table in the place of the one that is there."""
    table = _HEAD + "".join(f"| {' | '.join(row)} |\n" for row in rows())
    page = re.sub(r"\| metric \|.*\n(?:\|.*\n)*", lambda _: table, PAGE.read_text("utf-8"), count=1)
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    write()
