"""Reads a file of messages, CSV or JSON Lines, one message a line; what is wrong is told with its line number."""

import csv
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from messaging_pipeline.accept.request import ARGUMENTS
from messaging_pipeline.errors import InvalidInput

#: In CSV a cell holds text; these columns are a plan of one step, where ``fallback`` holds a whole one as JSON.
_EMAIL_COLUMNS = ("fallback_email", "fallback_subject")
COLUMNS = frozenset(ARGUMENTS - {"tags"}) | set(_EMAIL_COLUMNS)
#: What such a column holds is the tag whose name comes behind it.
_TAG_PREFIX = "tag."


@dataclass(frozen=True, slots=True)
class Line:
    """One message as the file gives it, with the arguments of a send."""

    number: int
    arguments: Mapping[str, Any]


def read_recipients(path: Path) -> list[Line]:
    """Read a ``.csv`` file with a header, or a ``.jsonl`` file of objects.

    Each line gets an idempotency key made of the file's content and its own number unless it brings one: the same
    file handed in twice sends nothing twice. Raises InvalidInput naming the column, or the line and its trouble.
    """
    try:
        content = path.read_bytes()
        text = content.decode("utf-8-sig")
    except OSError as error:
        raise InvalidInput("FILE", f"{path} cannot be read ({error.strerror})", "correct the path") from None
    except UnicodeDecodeError:
        raise InvalidInput("FILE", f"{path} is not UTF-8", "save it as UTF-8") from None
    digest = hashlib.sha256(content).hexdigest()[:20]
    lines = _csv_lines(text) if path.suffix.lower() == ".csv" else _json_lines(text)
    return [Line(number, {"idempotency_key": f"{digest}:{number}", **arguments}) for number, arguments in lines]


def _csv_lines(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(text.splitlines(keepends=True), strict=True)
    unknown = [name for name in reader.fieldnames or [] if not _is_column(name)]
    if unknown:
        known = ", ".join([*sorted(COLUMNS), f"{_TAG_PREFIX}NAME"])
        raise InvalidInput(f"column {unknown[0]}", "is not a known name", f"the columns are: {known}")
    if "to" not in (reader.fieldnames or []):
        raise InvalidInput("column to", "is missing", "give the file a header line with a column `to`")
    try:
        for row in reader:
            if None in row:
                raise InvalidInput(f"line {reader.line_num}", "has more cells than the header", "quote commas in cells")
            yield reader.line_num, _from_cells(row, reader.line_num)
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num + 1}", f"is not CSV ({error})", "correct the quotes") from None


def _is_column(name: str) -> bool:
    return name in COLUMNS or (name.startswith(_TAG_PREFIX) and name != _TAG_PREFIX)


def _from_cells(row: Mapping[str, str | None], number: int) -> dict[str, Any]:
    cells: dict[str, Any] = {name: cell for name, cell in row.items() if cell}
    tags = {name.removeprefix(_TAG_PREFIX): cells.pop(name) for name in [*cells] if name.startswith(_TAG_PREFIX)}
    if tags:
        cells["tags"] = tags
    email, subject = (cells.pop(name, None) for name in _EMAIL_COLUMNS)
    if "media_urls" in cells:
        cells["media_urls"] = cells["media_urls"].split()
    if "fallback" in cells:
        cells["fallback"] = _plan(cells["fallback"], number)
    if email and "fallback" in cells:
        raise InvalidInput(f"line {number}", "has two plans", "fill either fallback or fallback_email")
    if email:
        cells["fallback"] = [{"channel": "email", "to": email, **({"subject": subject} if subject else {})}]
    return cells


def _plan(cell: str, number: int) -> Any:
    try:
        return json.loads(cell)
    except json.JSONDecodeError as error:
        remedy = "write a list of steps as JSON, with each of its quotes doubled"
        raise InvalidInput(f"line {number}", f"has a fallback that is not JSON ({error.msg})", remedy) from None


def _json_lines(text: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except json.JSONDecodeError as error:
            raise InvalidInput(f"line {number}", f"is not JSON ({error.msg})", "write one object a line") from None
        if not isinstance(value, dict):
            raise InvalidInput(f"line {number}", "is not an object", "write one object a line")
        yield number, value
