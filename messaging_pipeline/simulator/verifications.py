"""The codes that Verify has sent: one for each number of a service at a time, good for ten minutes and five guesses."""

from dataclasses import asdict, dataclass
from typing import Any

from messaging_pipeline.simulator.chance import Chance
from messaging_pipeline.simulator.message import new_sid
from messaging_pipeline.simulator.rest_errors import ApiError

VALID_SECONDS = 600.0
MOST_CHECKS = 5
MOST_SENDS = 5


@dataclass(slots=True)
class Verification:
    """One verification; times in Unix seconds."""

    sid: str
    account_sid: str
    service_sid: str
    to: str
    channel: str
    code: str
    created_at: float
    status: str = "pending"
    sends: int = 1
    checks: int = 0


class Verifications:
    """All verifications. The codes follow from the seed, and are told by the control pages alone."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._all: list[Verification] = []

    def start(self, account_sid: str, service_sid: str, to: str, channel: str, now: float) -> Verification:
        """Send a code, or the same one again while it is good; raises ApiError 60203 at the sixth time."""
        known = next((one for one in self._open(account_sid, service_sid, now) if one.to == to), None)
        if known is not None:
            if known.sends >= MOST_SENDS:
                raise ApiError(60203)
            known.sends += 1
            return known
        code = f"{int(self._chance.draw('code', to, str(len(self._all))) * 1_000_000):06d}"
        made = Verification(new_sid("VE"), account_sid, service_sid, to, channel, code, now)
        self._all.append(made)
        return made

    def check(self, account_sid: str, service_sid: str, whose: str, code: str, now: float) -> Verification:
        """Compare a code, to a verification by its sid or its number; raises ApiError 20404 or 60202."""
        found = next((one for one in self._open(account_sid, service_sid, now) if whose in {one.sid, one.to}), None)
        if found is None:
            raise ApiError(20404, f"/v2/Services/{service_sid}/VerificationCheck")
        if found.checks >= MOST_CHECKS:
            raise ApiError(60202)
        found.checks += 1
        if found.code == code:
            found.status = "approved"
        return found

    def as_rows(self) -> list[dict[str, Any]]:
        """Return every verification with its code, ready for JSON."""
        return [asdict(one) for one in self._all]

    def _open(self, account_sid: str, service_sid: str, now: float) -> list[Verification]:
        return [
            one
            for one in self._all
            if (one.account_sid, one.service_sid, one.status) == (account_sid, service_sid, "pending")
            and now < one.created_at + VALID_SECONDS
        ]
