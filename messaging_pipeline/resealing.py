"""Seals anew, with the newest key, what older keys have sealed; and tells which keys are still needed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import LiteralString

from messaging_pipeline.db.pool import Pool, in_transaction
from messaging_pipeline.db.queries import sql
from messaging_pipeline.sealing import Sealer

_FIRST_ID = "00000000-0000-0000-0000-000000000000"


@dataclass(frozen=True, slots=True)
class Shelf:
    """Sealed values of one column: where they lie, how a page of them is read from behind a key, and written back."""

    column: str
    name: str
    first: str
    read: LiteralString
    write: LiteralString


SHELVES: tuple[Shelf, ...] = (
    Shelf("messages.content", "texts", _FIRST_ID, sql("sealed_contents"), sql("reseal_contents")),
    Shelf("messages.fallback", "fallback plans", _FIRST_ID, sql("sealed_plans"), sql("reseal_plans")),
    Shelf("inbound_messages.payload", "inbound messages", "", sql("sealed_payloads"), sql("reseal_payloads")),
    Shelf("pseudonym_keys.sealed", "hashing keys", "", sql("sealed_pseudonym_keys"), sql("reseal_pseudonym_keys")),
    Shelf("consent_events.proof", "proofs of consent", "0", sql("sealed_proofs"), sql("reseal_proofs")),
)
"""Everything that is sealed in Postgres."""


@dataclass(frozen=True, slots=True)
class Value:
    """One sealed value and the key, of two parts, of its row."""

    key: str
    part: str
    sealed: bytes


@dataclass(slots=True)
class Count:
    """What was found on a shelf: ``by_key`` counts values by the key that opens them, ``unreadable`` the others."""

    shelf: Shelf
    by_key: list[int] = field(default_factory=list)
    unreadable: int = 0
    resealed: int = 0

    @property
    def read(self) -> int:
        """How many values were looked at."""
        return sum(self.by_key) + self.unreadable


@dataclass(frozen=True, slots=True)
class Resealing:
    """Goes through everything that is sealed, a page at a time, while everything else goes on."""

    pool: Pool
    sealer: Sealer
    page_rows: int = 500

    def check(self) -> Iterator[Count]:
        """Count, shelf by shelf, which keys are needed; each count is yielded again as it grows, a page at a time."""
        for shelf in SHELVES:
            count = self._new_count(shelf)
            yield count
            for page in self._pages(shelf):
                self._sort(page, count)
                yield count

    def glance(self) -> Iterator[Count]:
        """Count the same for the first page of each shelf alone, where the oldest values lie."""
        for shelf in SHELVES:
            count = self._new_count(shelf)
            self._sort(next(self._pages(shelf), []), count)
            yield count

    def reseal(self) -> Iterator[Count]:
        """Seal anew what the newest key has not sealed. What was done stays done, wherever it is stopped."""
        for shelf in SHELVES:
            count = self._new_count(shelf)
            yield count
            for page in self._pages(shelf):
                count.resealed += self._write(shelf, self._sort(page, count))
                yield count

    def _new_count(self, shelf: Shelf) -> Count:
        return Count(shelf, [0] * len(self.sealer.key_names))

    def _sort(self, page: Sequence[Value], count: Count) -> list[Value]:
        """Count a page, and return what an older key has sealed."""
        old = []
        for value in page:
            position = self.sealer.key_of(value.sealed)
            if position is None:
                count.unreadable += 1
                continue
            count.by_key[position] += 1
            if position > 0:
                old.append(value)
        return old

    def _pages(self, shelf: Shelf) -> Iterator[list[Value]]:
        after = (shelf.first, "")
        while True:
            values = {"after": after[0], "after_part": after[1], "limit": self.page_rows}
            with self.pool.connection() as connection:
                page = [Value(key, part, bytes(sealed)) for key, part, sealed in connection.execute(shelf.read, values)]
            if not page:
                return
            yield page
            after = (page[-1].key, page[-1].part)

    def _write(self, shelf: Shelf, old: Sequence[Value]) -> int:
        if not old:
            return 0
        values = {
            "keys": [value.key for value in old],
            "parts": [value.part for value in old],
            "olds": [value.sealed for value in old],
            "freshes": [self.sealer.reseal(value.sealed) for value in old],
        }
        return in_transaction(self.pool, lambda connection: connection.execute(shelf.write, values).rowcount)
