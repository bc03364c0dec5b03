"""A sheet to draw on: boxes, arrows and texts as plain SVG, and a refusal when two texts would meet."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from xml.sax.saxutils import escape

from tests.pictures.letters import width_of
from tests.pictures.style import style_for

Point = tuple[float, float]

_CLASS = re.compile(r'class="([^"]+)"')

#: How far a corner of an arrow is rounded, and how far its head sticks out.
_ROUNDING = 8.0
_HEAD = 7.0


class DoesNotFit(ValueError):
    """Raised when a text would leave its box or the sheet, or lie on another one."""


@dataclass(frozen=True)
class Area:
    """A rectangle on the sheet; x to the right, y down."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.x + self.width

    @property
    def bottom(self) -> float:
        return self.y + self.height

    @property
    def middle(self) -> Point:
        return self.x + self.width / 2, self.y + self.height / 2

    def holds(self, other: "Area") -> bool:
        across = self.x <= other.x and other.right <= self.right
        return across and self.y <= other.y and other.bottom <= self.bottom

    def meets(self, other: "Area") -> bool:
        across = self.x < other.right and other.x < self.right
        return across and self.y < other.bottom and other.y < self.bottom


@dataclass
class Canvas:
    """What is drawn, in its order; ``svg`` ends it."""

    width: int
    height: int
    title: str
    description: str
    _drawn: list[str] = field(default_factory=list)
    _texts: list[tuple[Area, str]] = field(default_factory=list)

    @property
    def sheet(self) -> Area:
        return Area(0, 0, self.width, self.height)

    def box(self, area: Area, kind: str = "box", rounding: float = 8) -> Area:
        self._add(
            f'<rect class="{kind}" x="{_n(area.x)}" y="{_n(area.y)}" width="{_n(area.width)}" '
            f'height="{_n(area.height)}" rx="{_n(rounding)}"/>'
        )
        return area

    def store(self, area: Area, kind: str = "store") -> Area:
        """A cylinder, for what keeps things."""
        x, y, right, bottom = _n(area.x), area.y, _n(area.right), area.bottom
        across, lid = _n(area.width / 2), 7
        sides = (
            f"M{x} {_n(y + lid)} V{_n(bottom - lid)} A{across} {lid} 0 0 0 {right} {_n(bottom - lid)} V{_n(y + lid)}"
        )
        self._add(f'<path class="{kind}" d="{sides}"/>')
        self._add(f'<ellipse class="{kind}" cx="{_n(area.middle[0])}" cy="{_n(y + lid)}" rx="{across}" ry="{lid}"/>')
        return area

    def circle(self, middle: Point, radius: float, kind: str) -> None:
        self._add(f'<circle class="{kind}" cx="{_n(middle[0])}" cy="{_n(middle[1])}" r="{_n(radius)}"/>')

    def line(self, points: Sequence[Point], kind: str = "rule") -> None:
        self._add(f'<path class="{kind}" d="{_path(points, 0)}"/>')

    def shape(self, points: Sequence[Point], kind: str) -> None:
        self._add(f'<path class="{kind}" d="{_path(points, 0)} Z"/>')

    def arrow(self, points: Sequence[Point], kind: str = "act", both_ways: bool = False) -> None:
        """A line with rounded corners that ends at the last point in a head; with ``both_ways`` it begins so too."""
        shaft = [*points[:-1], _before(points[-2], points[-1])]
        if both_ways:
            shaft[0] = _before(points[1], points[0])
            self._head(points[1], points[0], kind)
        self._add(f'<path class="{kind}" d="{_path(shaft, _ROUNDING)}"/>')
        self._head(points[-2], points[-1], kind)

    def text(self, at: Point, said: str, kind: str = "label", anchor: str = "start", size: float = 13) -> Area:
        """One line whose base line is at this point; ``kind`` may hold ``strong`` or ``code``."""
        width = width_of(said, size, bold="strong" in kind, fixed="code" in kind)
        left = at[0] - {"start": 0.0, "middle": width / 2, "end": width}[anchor]
        area = Area(left, at[1] - size * 0.78, width, size)
        self._take_place(area, said)
        placed = "" if anchor == "start" else f' text-anchor="{anchor}"'
        self._add(
            f'<text class="{kind}" x="{_n(at[0])}" y="{_n(at[1])}" font-size="{_n(size)}"{placed}>{escape(said)}</text>'
        )
        return area

    def lines(
        self, area: Area, said: Sequence[str], kinds: Sequence[str] = (), size: float = 13, leading: float = 1.35
    ) -> None:
        """Lines in the middle of an area; each must fit into it. The last kind is for all that follow."""
        kinds = [*kinds] or ["label"]
        high = size * leading
        base = area.middle[1] - high * len(said) / 2 + high / 2 + size * 0.34
        for number, line in enumerate(said):
            kind = kinds[min(number, len(kinds) - 1)]
            taken = self.text((area.middle[0], base + number * high), line, kind, "middle", size)
            if not area.holds(taken):
                raise DoesNotFit(f"{line!r} needs {taken.width:.0f} by {taken.height:.0f}, its place has {area}")

    def typed(self, at: Point, said: str, kind: str, size: float, step: float) -> None:
        """Letters of one width each, whatever family a reader has."""
        place = f'x="{_n(at[0])}" y="{_n(at[1])}" font-size="{_n(size)}"'
        stretched = f'textLength="{_n(len(said) * step)}" lengthAdjust="spacingAndGlyphs"'
        self._take_place(Area(at[0], at[1] - size, len(said) * step, size), said)
        self._add(f'<text class="{kind}" {place} {stretched}>{escape(said)}</text>')

    def numbered(self, middle: Point, number: int) -> None:
        """A number in a disc, to which a list or a page refers."""
        self.circle(middle, 10, "disc")
        self.text((middle[0], middle[1] + 4), str(number), "ondisc strong", "middle", 12)

    def svg(self) -> str:
        """The whole picture, as a file."""
        size = f'viewBox="0 0 {self.width} {self.height}" width="{self.width}" height="{self.height}"'
        named = 'role="img" aria-labelledby="title desc"'
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} {named}>',
            f'<title id="title">{escape(self.title)}</title>',
            f'<desc id="desc">{escape(self.description)}</desc>',
            f"<style>{style_for(self._kinds())}</style>",
            f'<rect class="sheet" x="0.5" y="0.5" width="{self.width - 1}" height="{self.height - 1}" rx="10"/>',
            *self._drawn,
            "</svg>\n",
        ]
        return "\n".join(parts)

    def _kinds(self) -> set[str]:
        return {"sheet", *" ".join(_CLASS.findall("".join(self._drawn))).split()}

    def _take_place(self, area: Area, said: str) -> None:
        if not self.sheet.holds(area):
            raise DoesNotFit(f"{said!r} leaves the sheet: {area}")
        for taken, other in self._texts:
            if area.meets(taken):
                raise DoesNotFit(f"{said!r} lies on {other!r}")
        self._texts.append((area, said))

    def _head(self, start: Point, end: Point, kind: str) -> None:
        (x, y), (back, aside) = end, _direction(start, end)
        foot = (x - back * _HEAD, y - aside * _HEAD)
        wings = [(foot[0] + aside * sign * 4, foot[1] - back * sign * 4) for sign in (1, -1)]
        self._add(f'<path class="{kind} head" d="{_path([wings[0], end, wings[1]], 0)} Z"/>')

    def _add(self, element: str) -> None:
        self._drawn.append(element)


def _direction(start: Point, end: Point) -> Point:
    across, down = end[0] - start[0], end[1] - start[1]
    length = (across**2 + down**2) ** 0.5
    return across / length, down / length


def _before(start: Point, end: Point, by: float = _HEAD - 1) -> Point:
    """The point on the way that is this far from its end."""
    across, down = _direction(start, end)
    return end[0] - across * by, end[1] - down * by


def _path(points: Sequence[Point], rounding: float) -> str:
    said = [f"M{_n(points[0][0])} {_n(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        if not rounding:
            said.append(f"L{_n(corner[0])} {_n(corner[1])}")
            continue
        enter, leave = _before(before, corner, rounding), _before(after, corner, rounding)
        said.append(f"L{_n(enter[0])} {_n(enter[1])} Q{_n(corner[0])} {_n(corner[1])} {_n(leave[0])} {_n(leave[1])}")
    said.append(f"L{_n(points[-1][0])} {_n(points[-1][1])}")
    return " ".join(said)


def _n(number: float) -> str:
    """A number in as few characters as a tenth of a pixel needs."""
    return f"{round(number, 1):g}"
