"""The migration files: numbered, named by a rule, each of a phase; and which of them may be applied now."""

import enum
import hashlib
import itertools
import re
from dataclasses import dataclass
from importlib import resources
from typing import LiteralString

from messaging_pipeline.errors import PipelineError

#: ``0001_pre_create_messages.sql``: number, whether it runs before or after new code is rolled out, what it does.
FILE_NAME = re.compile(r"^(?P<version>\d{4})_(?P<phase>pre|post)_[a-z0-9_]+\.sql$")

#: First line of a file that cannot run inside a transaction, as CREATE INDEX CONCURRENTLY cannot.
_NOT_TRANSACTIONAL = "-- transactional: false"


class OutOfOrder(PipelineError):
    """Raised when a phase cannot be applied, because a file of the other phase comes first."""


class Phase(enum.StrEnum):
    """When a file is applied: before new code is rolled out, or after the code before is gone."""

    PRE = "pre"
    POST = "post"


_CURES = {
    Phase.PRE: (
        "run `messaging-pipeline migrate --post` once no process is older than the release of the latter, "
        "or stop every process and leave out --pre"
    ),
    Phase.POST: "run `messaging-pipeline migrate --pre` and replace every process first",
}


@dataclass(frozen=True, slots=True)
class Migration:
    """One numbered file."""

    version: str
    name: str
    statements: LiteralString

    @property
    def phase(self) -> Phase:
        """Whether it is applied before or after the new code is rolled out."""
        return Phase(self.name.split("_")[1])

    @property
    def sha256(self) -> str:
        """Proof of what was applied."""
        return hashlib.sha256(self.statements.encode()).hexdigest()

    @property
    def transactional(self) -> bool:
        """Whether the file runs inside one transaction."""
        return not self.statements.startswith(_NOT_TRANSACTIONAL)


def migrations() -> list[Migration]:
    """Return all migrations in order."""
    files = resources.files("messaging_pipeline.db").joinpath("migrations").iterdir()
    found = [
        Migration(match["version"], file.name, file.read_text("utf-8"))
        for file in files
        if (match := FILE_NAME.match(file.name))
    ]
    return sorted(found, key=lambda migration: migration.version)


def of_phase(missing: list[Migration], phase: Phase | None) -> list[Migration]:
    """Return what may be applied now: the first files, as far as they are of this phase.

    Raises OutOfOrder when another file of this phase stands behind one of the other: then they belong to two
    releases, and whoever applies the later one first breaks the order in which they were written and tested.
    """
    if phase is None:
        return missing
    now = list(itertools.takewhile(lambda one: one.phase is phase, missing))
    behind = [one.name for one in missing[len(now) :] if one.phase is phase]
    if behind and (phase is Phase.PRE or not now):
        other = missing[len(now)]
        raise OutOfOrder(f"{behind[0]} comes after {other.name}: {_CURES[phase]}")
    return now
