"""One attempt as a sequence of commits, and what a kill in each gap between them leaves."""

from dataclasses import dataclass

from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.settings import Settings
from tests.pictures.canvas import Area, Canvas
from workers.schedule import SWEEP_EVERY_SECONDS

_REDIS, _LANE, _POSTGRES, _TWILIO = 80.0, 220.0, 400.0, 560.0
_NOTES = 632.0
_LEASE_SECONDS = Settings.model_fields["lease_seconds"].default
_NAMES = {_REDIS: "Redis", _LANE: "a lane", _POSTGRES: "Postgres", _TWILIO: "Twilio"}


@dataclass(frozen=True)
class _Gap:
    """A stretch in which a worker may be killed: from y to y, and what that leaves."""

    top: float
    bottom: float
    kind: str
    leaves: tuple[str, ...]
    of_lane: bool = True


_GAPS = (
    _Gap(118, 172, "good", ("a moment of the rate is lost", "nothing else happened")),
    _Gap(
        172,
        240,
        "good",
        (
            f"back to {Status.PENDING}, within {_LEASE_SECONDS + SWEEP_EVERY_SECONDS:g} s:",
            f"a lease of {_LEASE_SECONDS:g} s, a sweep every {SWEEP_EVERY_SECONDS:g} s",
            "nothing had left, so it is sent later",
        ),
    ),
    _Gap(
        240,
        408,
        "bad",
        (
            f"{Status.UNCONFIRMED}, when the lease ends:",
            "it may have been sent, so it is",
            "not sent again by itself",
            "settled by the first callback,",
            "whose address names the message;",
            "by Twilio's own list; or by you",
        ),
    ),
    _Gap(408, 470, "good", ("nothing is open:", "the answer is kept")),
    _Gap(470, 536, "good", ("no 204: Twilio calls again", "lost later: reconcile asks for it"), of_lane=False),
)


def picture() -> str:
    """Draw it."""
    canvas = Canvas(
        910,
        590,
        "One attempt, and a kill in each of its gaps",
        "A lane takes tokens, commits the claim, commits the attempt, sends the request, and commits the answer. "
        "Killed before the attempt is committed, the message goes back to pending. Killed between that and the "
        "commit of the answer, it is unconfirmed and is not sent again. Killed after that, nothing is open.",
    )
    canvas.text((24, 34), "One attempt, and a kill in each of its gaps", "label strong", size=17)
    for x in _NAMES:
        canvas.line([(x, 88), (x, 548)], "axis")
    for gap in _GAPS:
        _gap(canvas, gap)
    for x, name in _NAMES.items():
        canvas.box(Area(x - 48, 56, 96, 32), "theirs" if name == "Twilio" else "ours" if name == "a lane" else "store")
        canvas.lines(Area(x - 48, 56, 96, 32), [name], ["label strong"])
    canvas.text((_NOTES + 12, 78), "killed here, it leaves", "killed strong", size=13)
    _messages(canvas)
    _legend(canvas)
    return canvas.svg()


def _gap(canvas: Canvas, gap: _Gap) -> None:
    if gap.of_lane:
        canvas.box(Area(_LANE - 6, gap.top, 12, gap.bottom - gap.top), gap.kind, rounding=3)
    canvas.line([(24, gap.bottom), (886, gap.bottom)], "rule")
    area = Area(_NOTES, gap.top, 246, gap.bottom - gap.top)
    canvas.line([(_NOTES, gap.top + 5), (_NOTES, gap.bottom - 5)], "kill" if gap.kind == "bad" else "word")
    said = gap.leaves
    first = area.middle[1] - 16 * len(said) / 2 + 12
    for number, line in enumerate(said):
        canvas.text((_NOTES + 12, first + 16 * number), line, "label strong" if number == 0 else "muted", size=12)


def _messages(canvas: Canvas) -> None:
    _said(canvas, _LANE, _REDIS, 132, "tokens", 150)
    _commit(canvas, 172, 1, "claim")
    _commit(canvas, 240, 2, "attempt")
    _said(canvas, _LANE, _TWILIO, 290, "create; its callback", 310)
    canvas.text((480, 283), "address names it", "acttext", "middle", 12)
    _said(canvas, _TWILIO, _LANE, 356, "201, SID", 480, kind="word")
    _commit(canvas, 408, 3, "answer")
    canvas.arrow([(_TWILIO, 500), (_POSTGRES + 10, 500)], "word")
    canvas.text(((_TWILIO + _POSTGRES) / 2 + 4, 493), "signed callback", "wordtext", "middle", 12)
    canvas.text(((_TWILIO + _POSTGRES) / 2 + 4, 518), "webhooks, worker", "muted", "middle", 11)
    canvas.numbered((_POSTGRES, 500), 4)


def _said(canvas: Canvas, start: float, end: float, y: float, said: str, x: float, *, kind: str = "act") -> None:
    off = 6 if start == _LANE else 0
    away = 1 if end > start else -1
    canvas.arrow([(start + off * away, y), (end - (6 if end == _LANE else 0) * away, y)], kind)
    canvas.text((x, y - 7), said, f"{kind}text", "middle", 12)


def _commit(canvas: Canvas, y: float, number: int, what: str) -> None:
    _said(canvas, _LANE, _POSTGRES - 10, y, what, 306)
    canvas.numbered((_POSTGRES, y), number)


def _legend(canvas: Canvas) -> None:
    canvas.numbered((34, 568), 1)
    canvas.text((52, 572), "a commit", "muted", size=12)
    canvas.box(Area(140, 560, 12, 16), "good", rounding=3)
    canvas.text((160, 572), "it is known whether it was sent", "muted", size=12)
    canvas.box(Area(390, 560, 12, 16), "bad", rounding=3)
    canvas.text((410, 572), "the only stretch that leaves doubt", "muted", size=12)
