"""Axes for numbers over time: bars, lines and filled shapes on a canvas."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.pictures.canvas import Area, Canvas, Point


@dataclass(frozen=True)
class Axes:
    """A place on a canvas, and the numbers at its edges: x from 0 to ``most_x``, y from 0 to ``most_y``."""

    canvas: Canvas
    area: Area
    most_x: float
    most_y: float

    def at(self, x: float, y: float) -> Point:
        """Where a pair of numbers is."""
        area = self.area
        return area.x + area.width * x / self.most_x, area.bottom - area.height * y / self.most_y

    def frame(self, across: Sequence[float], up: Sequence[float], unit_x: str = "", unit_y: str = "") -> None:
        """Draw rules and their numbers; without ``across`` the axis below has none."""
        for y in up:
            self.canvas.line([self.at(0, y), self.at(self.most_x, y)], "rule")
            self.canvas.text((self.area.x - 8, self.at(0, y)[1] + 4), f"{y:g}", "muted", "end", 11)
        for x in across:
            foot = self.at(x, 0)
            self.canvas.line([foot, (foot[0], foot[1] + 5)], "axis")
            self.canvas.text((foot[0], foot[1] + 18), f"{x:g}{unit_x}", "muted", "middle", 11)
        self.canvas.line([self.at(0, 0), self.at(self.most_x, 0)], "axis")
        self.canvas.text((self.area.x, self.area.y - 10), unit_y, "label", size=12)

    def bars(self, heights: Sequence[float], kind: str = "bar") -> None:
        """One bar for each whole number of the axis below."""
        for number, height in enumerate(heights):
            if height:
                (left, top), (right, bottom) = self.at(number, height), self.at(number + 1, 0)
                self.canvas.box(Area(left + 0.5, top, right - left - 1, bottom - top), kind, rounding=1)

    def line(self, points: Sequence[Point], kind: str) -> None:
        """Join pairs of numbers."""
        self.canvas.line([self.at(*point) for point in points], kind)

    def filled(self, points: Sequence[Point], kind: str) -> None:
        """Fill what is below pairs of numbers."""
        ends = [(points[-1][0], 0.0), (points[0][0], 0.0)]
        self.canvas.shape([self.at(*point) for point in [*points, *ends]], kind)

    def remark(self, x: float, y: float, said: Sequence[str], to_y: float) -> None:
        """Say something beside a thin line that points down to a moment."""
        top, foot = self.at(x, y), self.at(x, to_y)
        self.canvas.line([top, foot], "axis")
        for number, line in enumerate(said):
            self.canvas.text((top[0] + 6, top[1] + 10 + 15 * number), line, "muted" if number else "label", size=12)
