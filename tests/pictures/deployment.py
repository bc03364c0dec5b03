"""What runs where: the processes of compose.yaml with their threads, queues and ports, and who talks to whom."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from messaging_pipeline.stack import command_lines
from tests.pictures.canvas import Area, Canvas, DoesNotFit
from tests.support.product_source import PROJECT

_PLACES = {
    "proxy": Area(196, 92, 96, 62),
    "webhooks": Area(360, 92, 230, 62),
    "worker-deliver": Area(360, 170, 230, 86),
    "worker-events": Area(360, 272, 230, 104),
    "beat": Area(360, 394, 108, 46),
    "migrate": Area(482, 394, 108, 46),
    "valkey": Area(730, 142, 180, 72),
    "rabbitmq": Area(730, 232, 180, 56),
    "postgres": Area(730, 330, 180, 72),
    "simulator": Area(24, 512, 190, 62),
    "prometheus": Area(360, 512, 110, 62),
    "grafana": Area(510, 512, 110, 62),
}
_TWILIO, _OTHERS, _APPLICATION = Area(24, 92, 120, 62), Area(24, 316, 190, 62), Area(730, 66, 180, 44)
_OURS = Area(342, 70, 266, 392)
_REMARKS = {
    "beat": "one",
    "migrate": "once a release",
    "valkey": "broker, buckets; 6379",
    "rabbitmq": "broker instead; 5672",
    "postgres": "all that matters; 5432",
}
#: Where lines run up and down: to the broker, and to Postgres.
_TO_BROKER, _TO_POSTGRES = 644.0, 684.0


@dataclass(frozen=True)
class _Service:
    """A service of compose.yaml, in the words of the picture."""

    name: str
    lines: tuple[str, ...]
    optional: bool


def picture() -> str:
    """Draw it; raises ``DoesNotFit`` when a service has no place, or a place no service."""
    if set(_PLACES) != set(_composed()):
        raise DoesNotFit(f"no service and no place may be alone: {set(_PLACES) ^ set(_composed())}")
    canvas = Canvas(
        950,
        600,
        "What runs where",
        "Twilio reaches the proxy by HTTPS, and the proxy the webhooks. Webhooks, workers and beat talk to the broker; "
        "workers and the migration talk to Postgres; workers call Twilio, mail servers and receivers. Prometheus asks "
        "webhooks and workers for metrics. Dashed parts are optional profiles of compose.yaml.",
    )
    canvas.text((24, 34), "What runs where", "label strong", size=17)
    canvas.box(_OURS, "room")
    canvas.text((_OURS.middle[0], 62), "the pipeline: it keeps nothing of its own", "muted", "middle", 12)
    _lines(canvas)
    for name in sorted(_PLACES):
        _service(canvas, _described(name))
    _outside(canvas)
    return canvas.svg()


def _service(canvas: Canvas, service: _Service) -> None:
    area = _PLACES[service.name]
    keeps = service.name in {"valkey", "rabbitmq", "postgres"}
    kind = "store" if keeps else "ours" if _OURS.holds(area) else "theirs" if service.name == "simulator" else "box"
    draw = canvas.store if keeps else canvas.box
    draw(area, f"{kind} optional" if service.optional else kind)
    inside = Area(area.x, area.y + 10, area.width, area.height - 10) if keeps else area
    canvas.lines(inside, [service.name, *service.lines], ["label strong", "muted"], size=12)


def _outside(canvas: Canvas) -> None:
    canvas.box(_TWILIO, "theirs", rounding=18)
    canvas.lines(_TWILIO, ["Twilio"], ["label strong"], size=14)
    canvas.box(_OTHERS, "box")
    canvas.lines(_OTHERS, ["mail, Firebase, tickets,", "your receivers, media"], ["label"], size=12)
    canvas.box(_APPLICATION, "box")
    canvas.lines(_APPLICATION, ["your applications"], ["label strong"])
    canvas.box(Area(700, 526, 28, 18), "box optional", rounding=4)
    canvas.text((738, 540), "only with its profile", "muted", size=12)
    canvas.box(Area(700, 554, 28, 18), "ours", rounding=4)
    canvas.text((738, 568), "may stop at any moment", "muted", size=12)


def _lines(canvas: Canvas) -> None:
    canvas.arrow([(144, 123), (196, 123)], "word")
    canvas.text((170, 114), "HTTPS", "wordtext", "middle", 11)
    canvas.arrow([(292, 123), (360, 123)], "word")
    canvas.text((316, 114), "HTTP", "wordtext", "middle", 11)
    canvas.arrow([(360, 212), (108, 212), (108, 154)])
    canvas.text((228, 205), "create messages", "acttext", "middle", 11)
    canvas.arrow([(360, 296), (60, 296), (60, 154)])
    canvas.text((204, 289), "ask what callbacks did not tell", "acttext", "middle", 11)
    canvas.arrow([(360, 347), (214, 347)])
    canvas.text((276, 339), "fall back, tell, copy", "acttext", "middle", 11)
    for y in (123, 205, 310):
        canvas.line([(590, y), (_TO_BROKER, y)], "act")
    canvas.line([(414, 440), (414, 450), (_TO_BROKER, 450), (_TO_BROKER, 123)], "act")
    canvas.arrow([(_TO_BROKER, 178), (730, 178)])
    canvas.arrow([(_TO_BROKER, 260), (730, 260)])
    for y in (225, 340):
        canvas.line([(590, y), (_TO_POSTGRES, y)], "act")
    canvas.line([(590, 417), (_TO_POSTGRES, 417), (_TO_POSTGRES, 225)], "act")
    canvas.arrow([(_TO_POSTGRES, 366), (730, 366)])
    canvas.arrow([(820, 110), (820, 143)])
    canvas.text((828, 131), "tasks", "acttext", size=11)
    canvas.arrow([(910, 88), (928, 88), (928, 366), (910, 366)])
    canvas.arrow([(415, 512), (415, 462)], "plain")
    canvas.text((424, 496), "metrics, port 9100", "muted", size=11)
    canvas.arrow([(510, 543), (470, 543)], "plain")


def _described(name: str) -> _Service:
    service = _composed()[name]
    return _Service(name, tuple(_said(name, service)), bool(service.get("profiles")))


def _said(name: str, service: dict[str, Any]) -> list[str]:
    """What is worth knowing of a service: from its command and ports, or in words of our own."""
    command = tuple(service.get("command", ()))
    if command in {command_lines.DELIVER_WORKER, command_lines.EVENTS_WORKER}:
        how_many = "as many as the rates need" if command == command_lines.DELIVER_WORKER else "two or more"
        threads = f"{_value_after(command, '-c')} threads"
        queues = _value_after(command, "-Q").split(",")
        lines = [f"queue {queues[0]}"] if len(queues) == 1 else [f"{', '.join(queues[:3])},", ", ".join(queues[3:])]
        return [how_many, threads, *lines]
    if command == command_lines.WEBHOOKS:
        return [f"two or more, port {service['environment']['PORT']}"]
    if name == "simulator":
        return [f"in Twilio's place; {_value_after(command, '--port')}"]
    return [_REMARKS.get(name) or " and ".join(_published(service))]


def _published(service: dict[str, Any]) -> list[str]:
    """The ports that a service has on its host."""
    return [port.split(":")[-2] for port in service["ports"]]


def _value_after(command: tuple[str, ...], option: str) -> str:
    return command[command.index(option) + 1]


@cache
def _composed() -> dict[str, dict[str, Any]]:
    services: dict[str, dict[str, Any]] = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))["services"]
    return services
