"""Reads a CSV file of statements about consent as a whole: what is wrong is told by line and field, all of it."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from messaging_pipeline.consent.statements import Statement
from messaging_pipeline.consent.telling import FIELDS
from messaging_pipeline.errors import InvalidInput

#: What an export has besides; it is read over.
ONLY_EXPORTED = ("added_at", "outdated", "message_id", "error_code")

REQUIRED = ("number", "service", "change", "at")

Parse = Callable[[Mapping[str, Any]], Statement]


@dataclass(frozen=True, slots=True)
class WrongLine:
    """A line that says something impossible, and what to do about it."""

    line: int
    error: str


@dataclass(frozen=True, slots=True)
class FileOfConsent:
    """What a file says: write nothing of it while there is anything ``wrong``."""

    statements: tuple[Statement, ...]
    wrong: tuple[WrongLine, ...]


def read_consent_file(path: Path, parse: Parse) -> FileOfConsent:
    """Read every line; raises InvalidInput when the file is no CSV file in UTF-8 with the right header."""
    statements: list[Statement] = []
    wrong: list[WrongLine] = []
    for number, cells in _rows(_text(path)):
        try:
            statements.append(parse(cells))
        except InvalidInput as error:
            wrong.append(WrongLine(number, str(error)))
    return FileOfConsent(tuple(statements), tuple(wrong))


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except OSError as error:
        raise InvalidInput("FILE", f"{path} cannot be read ({error.strerror})", "correct the path") from None
    except UnicodeDecodeError:
        raise InvalidInput("FILE", f"{path} is not UTF-8", "save it as UTF-8") from None


def _rows(text: str) -> Iterator[tuple[int, dict[str, str]]]:
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    try:
        _check_header(reader.fieldnames or ())
        for row in reader:
            if None in row:
                raise InvalidInput(f"line {reader.line_num}", "has more cells than the header", "quote commas in cells")
            yield reader.line_num, {name: cell for name, cell in row.items() if cell}
    except csv.Error as error:
        raise InvalidInput(f"line {reader.line_num + 1}", f"is not CSV ({error})", "correct the quotes") from None


def _check_header(names: Sequence[str]) -> None:
    known = {*FIELDS, *ONLY_EXPORTED}
    for name in names:
        if name not in known:
            raise InvalidInput(f"column {name}", "is not a known name", f"the columns are: {', '.join(FIELDS)}")
    for name in REQUIRED:
        if name not in names:
            raise InvalidInput(f"column {name}", "is missing", f"give the file a header with {', '.join(REQUIRED)}")
    if len(set(names)) != len(names):
        raise InvalidInput("header", "names a column twice", "leave one of them")
