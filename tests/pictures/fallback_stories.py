"""What a plan does in some stories: the product's own parser and rules, asked moment by moment."""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from messaging_pipeline.fallback.succession import step_to_start, words_for
from messaging_pipeline.messages.plan import Step, stored_plan
from messaging_pipeline.messages.state_machine import FALLBACK_CAUSES, Status
from tests.support.papers import paper


def example_plan() -> tuple[Step, ...]:
    """The plan of the first example in docs/fallback.md, as the pipeline reads it."""
    example = next(block.text for block in paper("docs/fallback.md").blocks() if block.language == "python")
    (value,) = [
        word.value
        for call in ast.walk(ast.parse(example))
        if isinstance(call, ast.Call)
        for word in call.keywords
        if word.arg == "fallback"
    ]
    return stored_plan(ast.literal_eval(value))


@dataclass(frozen=True)
class Story:
    """What is reported of a message, or nothing, and how the first step ends that this starts."""

    title: str
    status: Status
    error_code: int | None = None
    first_step_ends: str = "sent"


@dataclass(frozen=True)
class Started:
    """A step, what it ends as, and at which moment: ``report``, ``failure`` of the step before, or ``clock``."""

    number: int
    moment: str
    state: str


def played(plan: Sequence[Step], story: Story) -> Iterator[Started]:
    """Tell what becomes of each step that is not left where it is."""
    words = words_for(story.status, story.error_code)
    states: dict[int, str] = {}
    ends = {"report": story.first_step_ends, "failure": "sent"}
    for moment, end in ends.items() if story.status in FALLBACK_CAUSES else ():
        number = step_to_start(plan, words, states)
        if number is None:
            break
        states[number] = end
        yield Started(number, moment, end)
    nobody_waits = not words or story.status is Status.SUPPRESSED
    for number, step in enumerate(plan, start=1):
        if step.not_delivered_within is not None and number not in states:
            yield Started(number, "clock", "withdrawn" if nobody_waits else "sent")
