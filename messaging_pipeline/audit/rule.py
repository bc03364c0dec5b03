"""What a rule is, and what an audit says of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from messaging_pipeline.audit.life import Life

#: How many violations of one rule are listed; all are counted.
MOST_LISTED = 20

#: What is wrong with a life at a time, in a few words for people; nothing, as a rule.
Check = Callable[[Life, datetime], Iterator[str]]


@dataclass(frozen=True, slots=True)
class Rule:
    """Something that was promised: its name, a sentence for people, and how to tell that it was broken."""

    name: str
    sentence: str
    check: Check


@dataclass(frozen=True, slots=True)
class Violation:
    """A message that breaks a rule."""

    message_id: UUID
    detail: str


@dataclass(slots=True)
class Finding:
    """How many messages were held against a rule, how often it was broken, and the first violations."""

    rule: str
    sentence: str
    checked: int = 0
    found: int = 0
    violations: list[Violation] = field(default_factory=list)

    def add(self, message_id: UUID, detail: str) -> None:
        """Count a violation, and list it if there is room."""
        self.found += 1
        if len(self.violations) < MOST_LISTED:
            self.violations.append(Violation(message_id, detail))

    def as_json(self) -> dict[str, Any]:
        """The form that programs read."""
        return {
            "rule": self.rule,
            "sentence": self.sentence,
            "checked": self.checked,
            "found": self.found,
            "violations": [{"message_id": one.message_id, "detail": one.detail} for one in self.violations],
        }
