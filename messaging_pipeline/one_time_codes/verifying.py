"""Hands one-time codes over to Twilio Verify: it makes, sends and checks them; a start leaves at most once."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal, get_args
from uuid import UUID

from messaging_pipeline.clock import Clock
from messaging_pipeline.errors import InvalidInput, NotAllowed, NotReachable
from messaging_pipeline.ids import E164, TenantKey
from messaging_pipeline.messages.phone_numbers import parse_e164
from messaging_pipeline.metrics import record_verification
from messaging_pipeline.one_time_codes.book import Verification, VerificationBook
from messaging_pipeline.pacing.slots import Slots
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.services.lines import Line
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.outcome import NotSent, Refused, Unconfirmed
from messaging_pipeline.twilio_api.verify_api import Checked

Channel = Literal["sms", "call", "whatsapp"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)

_CODE = re.compile(r"[0-9A-Za-z]{4,10}")
_LONGEST_KEY = 255
_NOTHING_TO_CHECK = frozenset({"refused", "not_sent"})
_ENDS = frozenset({"approved", "gone"})


@dataclass(frozen=True, slots=True)
class Verifying:
    """Starts and checks verifications. ``slots`` are those of the tenants whose requests to Verify are limited."""

    book: VerificationBook
    clock: Clock
    sealer: Sealer
    accounts: Accounts
    slots: Mapping[TenantKey, Slots]

    def start(
        self, to: str, *, idempotency_key: str, channel: Channel = "sms", tenant: str = "default"
    ) -> Verification:
        """Have Twilio make a code and send it; a repeat with the same key returns what became of the first.

        Look at its ``state``: only ``pending`` is sure to have gone out, and ``unconfirmed`` is never repeated.
        Raises InvalidInput naming the field; InvalidSettings when the tenant has no Verify service; NotAllowed when all
        requests that may be under way are. Then nothing was written.
        """
        number = parse_e164(to, "to")
        _refuse_wrong(idempotency_key, channel)
        api = self.accounts.verify_of(tenant)
        with self._line(tenant) as line:
            if not line.held:
                raise NotAllowed("as many requests to Verify are under way as verify_concurrency permits; try again")
            verification, is_ours = self._open(number, channel, idempotency_key, tenant)
            if not is_ours:
                return verification
            told = api.start(number, channel)
        return self._finished(verification, told)

    def check(
        self, verification_id: UUID, code: str, *, to: str | None = None, tenant: str = "default"
    ) -> Verification:
        """Ask Twilio whether a code is the right one: ``approved``, ``pending`` if it is wrong, or ``gone``.

        What was started without an answer is found by its number, ``to``. Raises NotFound, InvalidInput naming the
        field, NotAllowed when no code was sent, and NotReachable when Twilio does not say.
        """
        if not _CODE.fullmatch(code):
            raise InvalidInput("code", "is no code", "give 4 to 10 digits or letters")
        verification = self.book.get(verification_id, tenant, self.clock.now())
        if verification.state in _NOTHING_TO_CHECK:
            raise NotAllowed(f"verification {verification.id} is {verification.state}; there is no code to check")
        number = None if verification.sid else self._number_of(verification, to)
        told = self.accounts.verify_of(tenant).check(code, sid=verification.sid, to=number)
        if not isinstance(told, Checked):
            raise NotReachable("Twilio Verify", "TWILIO_VERIFY_BASE_URL")
        if told.state in _ENDS:
            self.book.note_check(verification, told.state, told.sid)
        record_verification(tenant, "wrong" if told.state == "pending" else told.state)
        # What was approved before is no answer to this code: only what Twilio has said just now is.
        return replace(verification, state=told.state, sid=verification.sid or told.sid, explanation=None)

    def newest(self, tenant: str, limit: int) -> list[Verification]:
        """Return a tenant's verifications, newest first."""
        return self.book.newest(tenant, limit, self.clock.now())

    def _open(self, number: E164, channel: Channel, key: str, tenant: str) -> tuple[Verification, bool]:
        asked, now = [number, channel], self.clock.now()
        known, is_ours = self.book.open(tenant, key, channel, self.sealer.fingerprint(asked), now)
        if is_ours:
            return known, True
        if not self.sealer.recognises(known.fingerprint, asked):
            raise InvalidInput("idempotency_key", "was used before for another number or channel", "use a new one")
        again = self.book.open_again(known, now) if known.state == "not_sent" else None
        return (known, False) if again is None else (again, True)

    def _finished(self, verification: Verification, told: str | Refused | NotSent | Unconfirmed) -> Verification:
        state, sid, explanation = _outcome(told)
        self.book.finish(verification, state, sid, explanation)
        record_verification(verification.tenant, state)
        return replace(verification, state=state, sid=sid, explanation=explanation)

    def _number_of(self, verification: Verification, to: str | None) -> E164:
        if to is None:
            raise InvalidInput("to", "is not given, and the answer to the start was lost", "give the number")
        number = parse_e164(to, "to")
        if not self.sealer.recognises(verification.fingerprint, [number, verification.channel]):
            raise InvalidInput("to", "is not the number of this verification", "give the one that it was started for")
        return number

    def _line(self, tenant: str) -> Line:
        slots = self.slots.get(TenantKey(tenant))
        return Line.free() if slots is None else Line(slots, slots.capacity)


def _outcome(told: str | Refused | NotSent | Unconfirmed) -> tuple[str, str | None, str | None]:
    """Return the state, the SID and what is to be said of it."""
    match told:
        case str():
            return "pending", told, None
        case Refused():
            return "refused", None, told.explanation
        case NotSent():
            return "not_sent", None, told.explanation
        case Unconfirmed():
            return "unconfirmed", None, told.explanation


def _refuse_wrong(key: str, channel: str) -> None:
    if not 1 <= len(key) <= _LONGEST_KEY:
        raise InvalidInput("idempotency_key", f"does not have 1 to {_LONGEST_KEY} characters", "name the sign-in by it")
    if channel not in CHANNELS:
        raise InvalidInput("channel", "is none that a code goes by", f"say one of {', '.join(CHANNELS)}")
