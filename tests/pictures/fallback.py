"""The example of docs/fallback.md, step by step over time, in five stories."""

from messaging_pipeline.messages.plan import Step
from messaging_pipeline.messages.state_machine import Status
from tests.pictures.canvas import Area, Canvas
from tests.pictures.fallback_stories import Started, Story, example_plan, played

STORIES = (
    Story("it is delivered", Status.DELIVERED),
    Story("a landline (30006), the SMS is taken", Status.UNDELIVERED, 30006),
    Story("a landline, the SMS fails as well", Status.UNDELIVERED, 30006, "failed"),
    Story("the carrier says no (30007)", Status.UNDELIVERED, 30007),
    Story("nothing more is heard after sent", Status.SENT),
    Story("the recipient has opted out (21610)", Status.SUPPRESSED, 21610),
)
_MOMENTS = {"report": 376.0, "failure": 530.0, "clock": 742.0}
_KINDS = {"sent": "good", "failed": "bad", "withdrawn": "room"}
_TOP, _ROW = 172, 46


def picture() -> str:
    """Draw the plan, then each story as a line of time."""
    plan = example_plan()
    bottom = _TOP + _ROW * len(STORIES)
    canvas = Canvas(
        910,
        bottom + 46,
        "A plan of fallback over time",
        f"A plan of {len(plan)} steps, and what each does in {len(STORIES)} stories. " + " ".join(_in_words(plan)),
    )
    canvas.text((24, 34), "A plan, and what becomes of it", "label strong", size=17)
    for number, step in enumerate(plan, start=1):
        canvas.numbered((36, 38 + 24 * number), number)
        canvas.text((56, 42 + 24 * number), _said(step), "label", size=13)
    _moments(canvas, plan, bottom)
    for number, story in enumerate(STORIES):
        _story(canvas, plan, story, _TOP + _ROW * number + _ROW / 2)
    _legend(canvas, bottom + 28)
    return canvas.svg()


def _moments(canvas: Canvas, plan: tuple[Step, ...], bottom: float) -> None:
    late = next(step.not_delivered_within for step in plan if step.not_delivered_within is not None)
    said = {
        "report": "its end is reported",
        "failure": "a step has failed",
        "clock": f"{late / 60:g} minutes after it was due",
    }
    for name, x in _MOMENTS.items():
        canvas.text((x, _TOP - 14), said[name], "muted", "middle", 12)
        canvas.line([(x, _TOP - 4), (x, bottom)], "rule")


def _story(canvas: Canvas, plan: tuple[Step, ...], story: Story, y: float) -> None:
    canvas.text((24, y + 4), story.title, "label", size=13)
    canvas.arrow([(278, y), (886, y)], "plain")
    for started in played(plan, story):
        _step(canvas, plan, started, y)


def _step(canvas: Canvas, plan: tuple[Step, ...], started: Started, y: float) -> None:
    x = _MOMENTS[started.moment]
    area = Area(x - 52, y - 14, 104, 28)
    canvas.box(area, "blank", rounding=14)
    canvas.box(area, _KINDS[started.state], rounding=14)
    said = f"{started.number} {_named(plan[started.number - 1])}"
    canvas.lines(area, [said], ["muted" if started.state == "withdrawn" else "label strong"], size=13)


def _legend(canvas: Canvas, y: float) -> None:
    for x, state, said in (
        (24, "sent", "taken"),
        (114, "failed", "failed"),
        (208, "withdrawn", "withdrawn before its time"),
    ):
        canvas.box(Area(x, y - 11, 24, 15), _KINDS[state], rounding=7)
        canvas.text((x + 32, y + 1), said, "muted", size=12)


def _named(step: Step) -> str:
    return {"sms": "SMS", "email": "e-mail", "http": "HTTP", "celery": "Celery", "push": "push"}[step.channel]


def _said(step: Step) -> str:
    to = getattr(step, "to", None) or "the same recipient"
    return f"{_named(step)} to {to}, {_when(step)}"


def _when(step: Step) -> str:
    if step.on is not None:
        return f"on {' or '.join(step.on)}"
    if step.not_delivered_within is not None:
        return f"when not delivered within {step.not_delivered_within:g} s"
    return "on any failure but an opt-out"


def _in_words(plan: tuple[Step, ...]) -> list[str]:
    told = []
    for story in STORIES:
        steps = [f"step {one.number} is {one.state} ({one.moment})" for one in played(plan, story)]
        told.append(f"When {story.title}: {', '.join(steps) or 'nothing starts'}.")
    return told
