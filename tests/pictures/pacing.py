"""What leaves in each second while a backlog meets its bucket and Twilio says 429: numbers of a run, not a drawing."""

from tests.pictures.canvas import Area, Canvas
from tests.pictures.pacing_run import BURST, HANDED_OVER_AT, RATE, REFUSED_AT, SECONDS, SEGMENTS, per_second, run
from tests.pictures.plot import Axes

_ACROSS = range(0, SECONDS + 1, 10)


def picture() -> str:
    """Run it and plot it."""
    moments = run()
    canvas = Canvas(
        910,
        452,
        "Pace of one service",
        f"A plot of {SECONDS} seconds. {SEGMENTS} segments are handed over to a service with {RATE:g} segments a "
        f"second and a burst of {BURST}. The burst leaves at once, then {RATE:g} leave in a second. After a 429 "
        "it is half of that; after five quiet seconds the rate rises again, until it is full.",
    )
    canvas.text((24, 34), "What leaves in each second", "label strong", size=17)
    sent = Axes(canvas, Area(60, 90, 826, 200), SECONDS, 44)
    sent.frame(_ACROSS, (0, 10, 20, 30, 40), " s", "segments that left in a second")
    sent.bars(per_second(moments))
    sent.line([(one.at, one.rate) for one in moments], "bound")
    sent.remark(
        HANDED_OVER_AT + 1, 38, [f"{SEGMENTS} segments are handed over:", f"the burst of {BURST} leaves at once"], 30
    )
    sent.remark(REFUSED_AT[0], 28, ["429: the pace is halved;", "the next one, half a second later, counts no more"], 5)
    risen = next(one.at for one in moments if one.at > REFUSED_AT[0] and one.rate >= RATE)
    sent.remark(risen, 18, ["full again"], RATE)
    sent.remark(REFUSED_AT[0] + 5, 18, ["quiet for five seconds: it rises"], 5)
    left = Axes(canvas, Area(60, 350, 826, 66), SECONDS, BURST)
    left.frame(_ACROSS, (0, BURST), " s", "tokens in the bucket")
    left.filled([(one.at, one.level) for one in moments], "level")
    _legend(canvas)
    return canvas.svg()


def _legend(canvas: Canvas) -> None:
    canvas.box(Area(620, 24, 14, 12), "bar", rounding=2)
    canvas.text((640, 34), "left in this second", "muted", size=12)
    canvas.line([(770, 30), (792, 30)], "bound")
    canvas.text((800, 34), "rate in force", "muted", size=12)
