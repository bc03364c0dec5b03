"""What goes wrong with a create: by its magic number first, by chance otherwise."""

import re
import time
from collections import Counter

from messaging_pipeline.simulator import magic_numbers
from messaging_pipeline.simulator.chance import Chance
from messaging_pipeline.simulator.configuration import Faults
from messaging_pipeline.simulator.magic_numbers import Answer
from messaging_pipeline.simulator.rest_errors import ApiError

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_BEFORE = frozenset({Answer.ERROR_BEFORE, Answer.THROTTLED, Answer.THROTTLED_ONCE})


class CreateFaults:
    """Decides how creates are spoilt. Chance is drawn for the To and the number of creates it has had."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._creates_to: Counter[str] = Counter()
        self._throttled_once: set[tuple[str, str | None]] = set()
        self._throttled_until = 0.0

    def arrival_key(self, to: str) -> str:
        """Name one more create to this recipient, the same way in every run."""
        self._creates_to[to] += 1
        return f"{to}#{self._creates_to[to]}"

    def refuse(self, faults: Faults, key: str, to: str, status_callback: str | None) -> None:
        """Raise ApiError 20429 or 20500 for a create that fails before anything is created."""
        answer = magic_numbers.of_recipient(to).answer
        if answer is Answer.THROTTLED or (answer is Answer.THROTTLED_ONCE and self._is_first_try(to, status_callback)):
            raise ApiError(20429)
        if self._is_in_burst(faults, key):
            raise ApiError(20429)
        if answer is Answer.ERROR_BEFORE or self._chance.happens(faults.server_error_before, "error before", key):
            raise ApiError(20500)

    def answer(self, faults: Faults, key: str, to: str) -> Answer:
        """Say what becomes of the answer to a create that has made a message."""
        magic = magic_numbers.of_recipient(to).answer
        if magic is not Answer.GIVEN and magic not in _BEFORE:
            return magic
        for answer, rate in (
            (Answer.HELD, faults.answer_lost),
            (Answer.RESET, faults.reset_after_accept),
            (Answer.ERROR_AFTER, faults.server_error_after),
        ):
            if self._chance.happens(rate, answer, key):
                return answer
        return Answer.GIVEN

    def _is_first_try(self, to: str, status_callback: str | None) -> bool:
        """Tell messages apart by the UUID in the callback URL, which callers make unique for each of them."""
        named = _UUID.search(status_callback or "")
        attempt = (to, named[0] if named else status_callback)
        if attempt in self._throttled_once:
            self._throttled_once.discard(attempt)
            return False
        self._throttled_once.add(attempt)
        return True

    def _is_in_burst(self, faults: Faults, key: str) -> bool:
        now = time.monotonic()
        if now >= self._throttled_until and self._chance.happens(faults.throttle_burst, "burst", key):
            self._throttled_until = now + faults.throttle_burst_seconds
            return True
        return now < self._throttled_until
