"""The statuses of a message and the moves between them, at places chosen by hand, from the state machine itself."""

from messaging_pipeline.messages.state_machine import LADDER, OUR_MOVES, TWILIO_FLOW, Rung, Status
from tests.pictures.canvas import Area, Canvas, DoesNotFit, Point

#: A message begins as one or the other.
BEGINNINGS = frozenset({Status.PENDING, Status.REJECTED})

_START: Point = (40, 262)
_PLACES = {
    Status.PENDING: Area(96, 244, 86, 36),
    Status.CLAIMED: Area(262, 244, 86, 36),
    Status.UNCONFIRMED: Area(254, 388, 102, 36),
    Status.SCHEDULED: Area(430, 176, 102, 36),
    Status.ACCEPTED: Area(430, 312, 78, 36),
    Status.QUEUED: Area(570, 244, 72, 36),
    Status.SENDING: Area(682, 244, 70, 36),
    Status.SENT: Area(792, 244, 74, 36),
    Status.DELIVERED: Area(782, 140, 84, 36),
    Status.READ: Area(782, 56, 84, 34),
    Status.UNDELIVERED: Area(774, 530, 100, 34),
    Status.REJECTED: Area(220, 176, 78, 34),
    Status.EXPIRED: Area(134, 116, 186, 34),
    Status.CANCELED: Area(96, 56, 436, 34),
    Status.SUPPRESSED: Area(290, 462, 188, 34),
    Status.FAILED: Area(230, 530, 522, 34),
}
_WAYS: dict[tuple[Status, Status], list[Point]] = {
    (Status.PENDING, Status.CLAIMED): [(182, 254), (262, 254)],
    (Status.PENDING, Status.CANCELED): [(114, 244), (114, 90)],
    (Status.PENDING, Status.EXPIRED): [(150, 244), (150, 150)],
    (Status.CLAIMED, Status.CANCELED): [(331, 244), (331, 90)],
    (Status.CLAIMED, Status.PENDING): [(262, 270), (182, 270)],
    (Status.CLAIMED, Status.UNCONFIRMED): [(305, 280), (305, 388)],
    (Status.CLAIMED, Status.FAILED): [(280, 280), (280, 310), (240, 310), (240, 530)],
    (Status.CLAIMED, Status.SUPPRESSED): [(330, 280), (330, 306), (374, 306), (374, 462)],
    (Status.CLAIMED, Status.REJECTED): [(284, 244), (284, 210)],
    (Status.CLAIMED, Status.EXPIRED): [(309, 244), (309, 150)],
    (Status.UNCONFIRMED, Status.PENDING): [(254, 406), (164, 406), (164, 280)],
    (Status.UNCONFIRMED, Status.FAILED): [(274, 424), (274, 530)],
    (Status.UNCONFIRMED, Status.SUPPRESSED): [(330, 424), (330, 462)],
    (Status.UNDELIVERED, Status.PENDING): [(824, 564), (824, 596), (114, 596), (114, 280)],
    (Status.FAILED, Status.PENDING): [(230, 547), (140, 547), (140, 280)],
    (Status.CLAIMED, Status.ACCEPTED): [(348, 272), (394, 272), (394, 322), (430, 322)],
    (Status.CLAIMED, Status.SCHEDULED): [(348, 252), (394, 252), (394, 194), (430, 194)],
    (Status.CLAIMED, Status.QUEUED): [(348, 262), (570, 262)],
    (Status.UNCONFIRMED, Status.ACCEPTED): [(356, 396), (410, 396), (410, 338), (430, 338)],
    (Status.UNCONFIRMED, Status.QUEUED): [(356, 406), (592, 406), (592, 280)],
    (Status.UNCONFIRMED, Status.SENT): [(356, 416), (812, 416), (812, 280)],
    (Status.SCHEDULED, Status.QUEUED): [(532, 194), (551, 194), (551, 252), (570, 252)],
    (Status.SCHEDULED, Status.CANCELED): [(481, 176), (481, 90)],
    (Status.SCHEDULED, Status.FAILED): [(520, 212), (520, 530)],
    (Status.ACCEPTED, Status.QUEUED): [(508, 330), (551, 330), (551, 272), (570, 272)],
    (Status.ACCEPTED, Status.FAILED): [(494, 348), (494, 530)],
    (Status.ACCEPTED, Status.SUPPRESSED): [(455, 348), (455, 462)],
    (Status.QUEUED, Status.SENDING): [(642, 262), (682, 262)],
    (Status.QUEUED, Status.SENT): [(606, 244), (606, 212), (808, 212), (808, 244)],
    (Status.QUEUED, Status.FAILED): [(624, 280), (624, 530)],
    (Status.SENDING, Status.SENT): [(752, 262), (792, 262)],
    (Status.SENDING, Status.FAILED): [(717, 280), (717, 530)],
    (Status.SENT, Status.DELIVERED): [(840, 244), (840, 176)],
    (Status.SENT, Status.UNDELIVERED): [(846, 280), (846, 530)],
    (Status.UNDELIVERED, Status.DELIVERED): [(874, 547), (890, 547), (890, 158), (866, 158)],
    (Status.DELIVERED, Status.READ): [(824, 140), (824, 90)],
}
_BEGINNINGS: dict[Status, list[Point]] = {
    Status.PENDING: [(49, 262), (96, 262)],
    Status.REJECTED: [(40, 253), (40, 193), (220, 193)],
}
_WORDS: tuple[tuple[Point, str], ...] = (
    ((222, 248), "a worker"),
    ((222, 287), "not sent"),
    ((210, 400), "not sent"),
    ((185, 541), "tried again"),
    ((440, 590), "another attempt, when the reason may pass"),
)


def picture() -> str:
    """Draw it; raises ``DoesNotFit`` when a status or a move has no place, or a place nothing to show."""
    _hold_against_the_code()
    canvas = Canvas(
        910,
        670,
        "The life of a message",
        "Every status and the moves between them. A message begins as pending, is claimed by a worker, and is then "
        "moved by what Twilio reports: accepted or scheduled, queued, sending, sent, delivered, read. It may end as "
        "rejected, expired, canceled, suppressed, failed or undelivered. The page lists all moves.",
    )
    canvas.text((24, 34), "The life of a message", "label strong", size=17)
    for move, way in sorted(_WAYS.items()):
        canvas.arrow(way, "act" if move in OUR_MOVES else "word")
    for way in _BEGINNINGS.values():
        canvas.arrow(way, "act")
    canvas.circle(_START, 8, "disc")
    canvas.text((14, 292), "handed over", "acttext", size=11)
    for at, words in _WORDS:
        canvas.text(at, words, "acttext", "middle", 11)
    for rung in LADDER:
        _rung(canvas, rung)
    _legend(canvas)
    return canvas.svg()


def _rung(canvas: Canvas, rung: Rung) -> None:
    area = canvas.box(_PLACES[rung.status], _kind(rung), rounding=8 if rung.final else 17)
    canvas.lines(area, [rung.status.value], ["label strong"], size=13)


def _kind(rung: Rung) -> str:
    return f"{'ours' if rung.word_of == 'ours' else 'theirs'}{' final' if rung.final else ''}"


def _legend(canvas: Canvas) -> None:
    canvas.arrow([(24, 626), (70, 626)], "act")
    canvas.text((80, 630), "an act of ours", "acttext", size=12)
    canvas.arrow([(24, 648), (70, 648)], "word")
    canvas.text(
        (80, 652), "Twilio's answer or callback: the usual walk, of which any step may be skipped", "wordtext", size=12
    )
    for x, kind, said in ((560, "ours", "our word"), (660, "theirs", "Twilio's word"), (782, "end final", "an end")):
        canvas.box(Area(x, 618, 22, 16), kind, rounding=4)
        canvas.text((x + 28, 630), said, "muted", size=12)


def _hold_against_the_code() -> None:
    moves = OUR_MOVES | TWILIO_FLOW
    for what, has, wants in (
        ("status", set(_PLACES), set(Status)),
        ("move", set(_WAYS), set(moves)),
        ("beginning", set(_BEGINNINGS), set(BEGINNINGS)),
    ):
        if has != wants:
            raise DoesNotFit(f"no {what} of the picture and of the code may be alone: {has ^ wants}")
    for (start, end), way in _WAYS.items():
        if not (_is_at(way[0], _PLACES[start]) and _is_at(way[-1], _PLACES[end])):
            raise DoesNotFit(f"the arrow from {start} to {end} does not reach from one to the other")


def _is_at(point: Point, area: Area) -> bool:
    """Tell whether a point is on the edge of an area."""
    x, y = point
    across, down = area.x <= x <= area.right, area.y <= y <= area.bottom
    return (across and y in {area.y, area.bottom}) or (down and x in {area.x, area.right})
