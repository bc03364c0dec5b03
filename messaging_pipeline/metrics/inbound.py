"""What people write to us, and what is done about it."""

from messaging_pipeline.metrics.catalogue import counter

_inbound = counter("messaging_inbound_total", "Inbound messages; `repeated` ones were stored before.", ["kind"])
_keywords = counter("messaging_keywords_total", "Keywords in inbound messages by what they ask for.", ["kind"])
_flagged = counter("messaging_inbound_flagged_total", "Inbound messages for a person to look at, by why.", ["reason"])
_answers = counter(
    "messaging_answers_total", "Answers to keywords; `looping` and `unguarded` ones were not given.", ["kind"]
)
_keyword_calls = counter(
    "messaging_keyword_calls_total", "Calls of keywords' handlers by word and state.", ["word", "state"]
)
_ticket_entries = counter(
    "messaging_ticket_entries_total", "Inbound messages for tickets by desk and state.", ["desk", "state"]
)
_inbound_media = counter("messaging_inbound_media_total", "Files that people sent, by what became of them.", ["state"])


def record_inbound(kind: str) -> None:
    """Count an inbound message: `stored` or `repeated`."""
    _inbound.labels(kind).inc()


def record_keyword(kind: str) -> None:
    """Count a keyword that was heard: `stop`, `start`, `help` or `custom`."""
    _keywords.labels(kind).inc()


def record_flagged(reason: str) -> None:
    """Count an inbound message that a person should look at."""
    _flagged.labels(reason).inc()


def record_answer(kind: str) -> None:
    """Count an answer by its keyword's kind, or one that was not given: `looping`, `unguarded`."""
    _answers.labels(kind).inc()


def record_keyword_call(word: str, state: str) -> None:
    """Count what came of a call: `handled`, `answered`, `unanswered`, `waiting` (it is made again) or `failed`."""
    _keyword_calls.labels(word, state).inc()


def record_ticket_entry(desk: str, state: str) -> None:
    """Count an inbound message for a ticket: `taken`, `waiting`, `refused`, `unconfirmed` or `failed`."""
    _ticket_entries.labels(desk, state).inc()


def record_inbound_media(state: str) -> None:
    """Count a file that somebody sent: `copied`, `waiting`, `refused`, `failed` or `erased`."""
    _inbound_media.labels(state).inc()
