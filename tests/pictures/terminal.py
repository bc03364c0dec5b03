"""A terminal as a picture: commands and what they printed, letter by letter in its column."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.pictures.canvas import Canvas

_LETTER, _LINE, _SIZE, _MARGIN = 7.4, 18.0, 12.0, 20.0
_TOP = 40.0
_COLUMNS = 112
#: Words that say at a glance how it stands.
_KINDS = {
    **dict.fromkeys(("ok", "passes", "on", "delivered", "sent", "taken"), "prompt"),
    **dict.fromkeys(("ERROR", "WARNING", "undelivered", "failed", "paused", "held", "warns", "refused"), "killed"),
}
_CHUNK = re.compile(r"\S+(?: \S+)*")


@dataclass(frozen=True)
class Printed:
    """A command line, and what it wrote."""

    command: str
    output: str

    def lines(self, columns: int) -> list[tuple[str, str]]:
        """Each line and what it is drawn as; one that is too long goes on below, as on a terminal."""
        said = [row for line in self.output.splitlines() for row in _rows(line, columns)]
        return [(f"$ {self.command}", "prompt"), *((row, "label") for row in said)]


def terminal(title: str, description: str, printed: Sequence[Printed], columns: int = _COLUMNS) -> str:
    """Draw them one below the other; the sheet is as wide as the longest line."""
    lines = [line for one in printed for line in [*one.lines(columns), ("", "label")]][:-1]
    widest = max(len(line) for line, _ in lines)
    width, height = round(widest * _LETTER + 2 * _MARGIN), round(_TOP + len(lines) * _LINE + _MARGIN)
    canvas = Canvas(max(width, 480), height, title, description)
    for number in range(3):
        canvas.circle((22 + 18 * number, 18), 5, "rule")
    canvas.line([(0, 34), (canvas.width, 34)], "rule")
    for number, (line, kind) in enumerate(lines):
        _line(canvas, line, kind, _TOP + _LINE * (number + 1))
    return canvas.svg()


def _rows(line: str, columns: int) -> list[str]:
    """Fold a line at spaces, as ``fold -s`` does; a word without any is cut."""
    rows = []
    while len(line) > columns:
        end = line.rfind(" ", 0, columns) + 1 or columns
        rows.append(line[:end])
        line = line[end:]
    return [*rows, line]


def _line(canvas: Canvas, line: str, kind: str, base: float) -> None:
    """Draw what stands together from the column where it begins, so that no reader's spaces move it."""
    for chunk in _CHUNK.finditer(line):
        drawn = f"code {_KINDS.get(chunk[0], kind)}"
        canvas.typed((_MARGIN + chunk.start() * _LETTER, base), chunk[0], drawn, _SIZE, _LETTER)
