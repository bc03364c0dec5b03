"""The way of a message through processes and stores, with what is left where something is killed."""

from messaging_pipeline.queues import QUEUE_OF, Task
from tests.pictures.canvas import Area, Canvas, Point
from workers.schedule import AUDIT_EVERY_SECONDS, RECONCILE_EVERY_SECONDS, SWEEP_EVERY_SECONDS

_BROKER = Area(20, 142, 794, 46)
_POSTGRES = Area(20, 500, 910, 46)
_ACCEPT = Area(20, 248, 150, 158)
_DELIVER = Area(200, 248, 196, 158)
_REDIS = Area(206, 440, 134, 44)
_TWILIO = Area(470, 256, 90, 130)
_WEBHOOKS = Area(600, 248, 118, 158)
_FOLLOW = Area(736, 248, 92, 158)
_AFTER = Area(838, 248, 92, 158)
_OUTSIDE = Area(828, 60, 102, 128)


def picture() -> str:
    """Draw it."""
    canvas = Canvas(
        950,
        648,
        "The way of a message",
        "An application hands a task to the broker. An events worker accepts it: one commit writes the row to "
        "Postgres, and a wake-up goes to the broker. A deliver worker takes tokens from Redis, claims rows, asks the "
        "gates, commits an attempt and sends the request to Twilio. Twilio calls the webhooks, which publish to the "
        "broker; an events worker applies the report in Postgres. Fallback steps, tickets and events follow from rows. "
        "Red lines say what a kill leaves.",
    )
    canvas.text((24, 34), "The way of a message", "label strong", size=17)
    canvas.text((936, 34), "red: what is left when it is killed there", "killed", "end", 12)
    _stores(canvas)
    _processes(canvas)
    _arrows(canvas)
    _beat(canvas)
    return canvas.svg()


def _stores(canvas: Canvas) -> None:
    canvas.box(Area(20, 54, 150, 42), "box")
    canvas.lines(Area(20, 54, 150, 42), ["your application"], ["label strong"])
    canvas.text((186, 72), "killed before the task is taken: repeat with the same key", "killed", size=11.5)
    canvas.text((186, 89), "Pipeline.send does step 2 itself, and needs no broker for it", "muted", size=11.5)
    canvas.box(_BROKER, "store")
    canvas.text((40, 170), "Broker", "label strong", size=14)
    canvas.text((100, 170), "wake-ups and reports", "muted", size=12)
    canvas.text(
        (290, 170),
        f"wiped: sends not accepted yet are gone; what is due is woken within {SWEEP_EVERY_SECONDS:g} s",
        "killed",
        size=11.5,
    )
    canvas.store(_REDIS)
    canvas.lines(Area(206, 452, 134, 32), ["Redis: buckets, slots", "wiped: all empty"], ["label", "killed"], size=11)
    canvas.box(_POSTGRES, "store")
    canvas.text((40, 528), "Postgres", "label strong", size=14)
    canvas.text(
        (114, 528), "messages, attempts, events, steps: the only truth about work still to do", "muted", size=12
    )
    canvas.text((912, 528), "lost: what its backup lacks", "killed", "end", 11.5)


def _process(canvas: Canvas, area: Area, name: str, does: str, lines: list[str], killed: list[str]) -> None:
    """A process by name, what it does, how, and what a kill leaves."""
    canvas.box(area, "ours")
    centre = area.middle[0]
    canvas.text((centre, area.y + 18), name, "muted", "middle", 11)
    canvas.text((centre, area.y + 37), does, "label strong", "middle", 14)
    for number, line in enumerate(lines):
        canvas.text((centre, area.y + 56 + 16 * number), line, "label", "middle", 11.5)
    for number, line in enumerate(reversed(killed)):
        canvas.text((centre, area.bottom - 10 - 15 * number), line, "killed", "middle", 11)


def _processes(canvas: Canvas) -> None:
    _process(
        canvas,
        _ACCEPT,
        "events worker",
        "accept",
        ["check, ask the gates,", "seal the content"],
        ["the task comes again;", "on Redis, rarely not"],
    )
    _process(
        canvas,
        _DELIVER,
        "deliver worker",
        "a lane",
        ["slot → bucket → claim", "→ gates → attempt → request"],
        ["before 6: back to pending", "after 6: unconfirmed,", "and not sent again"],
    )
    canvas.box(_TWILIO, "theirs", rounding=20)
    canvas.lines(_TWILIO, ["Twilio", "or the", "simulator"], ["label strong", "muted"], size=13)
    _process(
        canvas, _WEBHOOKS, "webhooks", "hear", ["verify, publish,", "answer 204"], ["no 204: Twilio", "calls again"]
    )
    _process(canvas, _FOLLOW, "events worker", "apply", ["each report", "once"], ["reconcile", "asks Twilio"])
    _process(
        canvas,
        _AFTER,
        "events worker",
        "follow up",
        ["fallback,", "tickets,", "events"],
        ["its row says", "what is owed"],
    )
    canvas.box(_OUTSIDE, "box")
    canvas.lines(_OUTSIDE, ["mail, Firebase,", "your receivers,", "ticket systems"], ["label"], size=12)


def _queue(canvas: Canvas, at: Point, task: Task) -> None:
    canvas.text(at, QUEUE_OF[task].value, "code muted", size=11)


def _arrows(canvas: Canvas) -> None:
    canvas.arrow([(60, 96), (60, 142)])
    canvas.numbered((60, 114), 1)
    canvas.text((78, 118), Task.SEND.value, "code muted", size=11)
    canvas.arrow([(60, 188), (60, 248)])
    _queue(canvas, (68, 222), Task.SEND)
    canvas.arrow([(60, 406), (60, 500)])
    canvas.numbered((60, 446), 2)
    canvas.text((78, 442), "row and event,", "acttext", size=11)
    canvas.text((78, 457), "one commit", "acttext", size=11)
    canvas.arrow([(146, 248), (146, 188)])
    canvas.numbered((146, 218), 3)
    canvas.arrow([(226, 188), (226, 248)])
    _queue(canvas, (234, 222), Task.DELIVER)
    canvas.arrow([(272, 406), (272, 441)], both_ways=True)
    canvas.numbered((294, 424), 4)

    canvas.arrow([(364, 406), (364, 500)], both_ways=True)
    canvas.numbered((364, 440), 5)
    canvas.numbered((364, 464), 6)
    canvas.text((382, 444), "claim", "acttext", size=11)
    canvas.text((382, 468), "attempt, committed", "acttext", size=11)
    canvas.arrow([(396, 284), (470, 284)])
    canvas.text((433, 277), "create", "acttext", "middle", 11)
    canvas.arrow([(470, 330), (396, 330)], "word")
    canvas.numbered((433, 330), 7)
    canvas.arrow([(560, 320), (600, 320)], "word")
    canvas.numbered((579, 302), 8)
    canvas.arrow([(660, 248), (660, 188)])
    canvas.arrow([(766, 188), (766, 248)])
    _queue(canvas, (718, 222), Task.APPLY_STATUSES)
    canvas.arrow([(782, 406), (782, 500)])
    canvas.numbered((782, 446), 9)
    canvas.arrow([(884, 500), (884, 406)])
    canvas.numbered((884, 446), 10)
    canvas.arrow([(904, 248), (904, 188)])
    canvas.numbered((904, 218), 11)
    canvas.arrow([(794, 188), (794, 204), (866, 204), (866, 248)])
    _queue(canvas, (804, 222), Task.RUN_FALLBACK)


def _beat(canvas: Canvas) -> None:
    area = canvas.box(Area(20, 582, 90, 44), "ours")
    canvas.lines(area, ["beat"], ["label strong"])
    canvas.arrow([(20, 604), (9, 604), (9, 165), (20, 165)])
    said = (
        # An events worker does these.
        f"sweep, every {SWEEP_EVERY_SECONDS:g} s: lapsed leases back, what is due woken",
        f"reconcile, every {RECONCILE_EVERY_SECONDS:g} s: Twilio is asked what its callbacks did not tell",
        f"audit, every {AUDIT_EVERY_SECONDS / 60:g} min: the data are held against the promises",
    )
    for number, line in enumerate(said):
        canvas.text((126, 590 + 18 * number), line, "label", size=12)
