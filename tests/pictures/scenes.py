"""What the pictures of the command line show: which commands, and words for those who cannot see them."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """The arguments of `messaging-pipeline`; ``{NAME}`` stands for the id of a message that was prepared."""

    words: Sequence[str]

    def arguments(self, ids: Mapping[str, str]) -> list[str]:
        """The arguments, ids in their places."""
        return [word.format(**ids) for word in self.words]

    def shown(self, ids: Mapping[str, str]) -> str:
        """The line as one would type it."""
        return shlex.join(["messaging-pipeline", *self.arguments(ids)])


@dataclass(frozen=True)
class Scene:
    """One picture."""

    title: str
    description: str
    lines: Sequence[Line]
    columns: int = 112


SCENES = {
    "terminal-show.svg": Scene(
        "What became of a message",
        "The command messages show tells a message's attempts, its history line by line, and its fallback: it did not "
        "arrive, since the number is a landline, and an e-mail was sent in its place.",
        [Line(["messages", "show", "{landline}"])],
    ),
    "terminal-explain.svg": Scene(
        "What would become of a message",
        "The command explain tells service, sender, segments and what each gate would say, and sends nothing.",
        [Line(["explain", "+15005551001", "Your “table” is ready.", "--service", "alerts"])],
    ),
    "terminal-services.svg": Scene(
        "How the services stand",
        "The command services list shows three services: one is paused, and all have slowed down after a 429.",
        [Line(["services", "list"])],
        columns=136,
    ),
    "terminal-doctor.svg": Scene(
        "What is wrong with an installation",
        "The command doctor prints one line for each thing that it looked at, and the cure below what is not well.",
        [Line(["doctor"])],
        columns=120,
    ),
    "terminal-audit.svg": Scene(
        "The data against the promises",
        "The command audit prints each rule with how many messages were checked and how many break it: none.",
        [Line(["audit"])],
    ),
}
