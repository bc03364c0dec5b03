"""Calls what a keyword is bound to, at least once, and sends its reply through the pipeline, once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from redis.exceptions import RedisError

from messaging_pipeline.answering.loop_guard import LoopGuard
from messaging_pipeline.backoff import backoff_seconds
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from messaging_pipeline.keyword_handlers.call import KeywordCall, NotHandled, WrongReply, token_of
from messaging_pipeline.keyword_handlers.ledger import CallLedger, ClaimedCall, Ending
from messaging_pipeline.keyword_handlers.start import CallId
from messaging_pipeline.keyword_handlers.switchboard import Switchboard
from messaging_pipeline.keywords.commands import Command
from messaging_pipeline.keywords.hearing import Heard, hear
from messaging_pipeline.metrics import record_keyword_call
from messaging_pipeline.policies.compliance import INTENT_TAG, REPLY_INTENT
from messaging_pipeline.sealing import CannotUnseal, Sealer

_NO_TEXT = "its text is not kept any more"
_NO_HANDLER = "messaging.toml has no handler for it any more"
_SILENCE = "the writer may have asked for silence"
_LOOP = "the number was answered too often just now; it may be a machine's"
_UNGUARDED = "Redis, which counts answers, could not be asked"


@dataclass(frozen=True, slots=True)
class Handling:
    """The desk where keywords meet code. ``accept`` hands a reply to the pipeline, like any message."""

    ledger: CallLedger
    clock: Clock
    sealer: Sealer
    configuration: Configuration
    switchboard: Switchboard
    guard: LoopGuard
    accept: Callable[[Mapping[str, Any]], object]

    def run(self, call: CallId) -> None:
        """Do what is left to do for a message; nothing when it is done or in other hands.

        A worker that dies after the handler has worked leaves the call to be made again. The reply is one message all
        the same, for its key follows from the MessageSid.
        """
        claimed = self.ledger.claim(call, self.clock.now())
        if claimed is None:
            return
        try:
            ending = self._work(claimed)
        except (NotHandled, CannotUnseal) as error:
            again = not isinstance(error, NotHandled) or error.again
            ending = _not_done(claimed, str(error), self.clock.now(), again=again)
        except WrongReply as error:
            ending = Ending("unanswered", str(error))
        if self.ledger.finish(claimed, ending, self.clock.now()):
            record_keyword_call(claimed.word, ending.state)

    def _work(self, claimed: ClaimedCall) -> Ending:
        heard = self._heard_again(claimed)
        if heard.command is None or heard.service != claimed.service or heard.command.word != claimed.word:
            raise NotHandled(_NO_HANDLER, again=True)
        reply = self.switchboard.way_to(heard.command.handler).handle(_call(heard, heard.command, claimed.sid))
        if reply is None:
            return Ending("handled")
        objection = self._objection(heard, claimed.sid)
        return Ending("unanswered", objection) if objection else self._hand_over(heard, claimed.sid, reply)

    def _heard_again(self, claimed: ClaimedCall) -> Heard:
        """Read the message as it was read when it came in; what it says lies nowhere else."""
        if claimed.payload is None:
            raise NotHandled(_NO_TEXT, again=False)
        form = self.sealer.unseal(claimed.payload)
        fields = {str(name): str(value) for name, value in reversed(form)}  # the first value of each name
        return hear(self.configuration, claimed.tenant, fields)

    def _objection(self, heard: Heard, sid: str) -> str | None:
        """Return why the writer is not answered, if that is so."""
        if heard.flag is not None:
            return _SILENCE
        try:
            return None if self.guard.lets_pass(heard, sid) else _LOOP
        except RedisError:
            raise NotHandled(_UNGUARDED, again=True) from None

    def _hand_over(self, heard: Heard, sid: str, reply: str) -> Ending:
        try:
            self.accept(
                {
                    "to": heard.number,
                    "body": reply,
                    "service": heard.service,
                    "tenant": heard.tenant,
                    "idempotency_key": f"keyword:{sid}",
                    "tags": {INTENT_TAG: REPLY_INTENT},
                }
            )
        except IdempotencyConflict:  # it was handed over before, in the words of then
            return Ending("answered")
        except InvalidInput as error:
            return Ending("unanswered", str(error))
        return Ending("answered")


def _call(heard: Heard, command: Command, sid: str) -> KeywordCall:
    return KeywordCall(
        tenant=heard.tenant,
        service=heard.service or "",
        number=heard.number or "",
        word=command.word,
        argument=command.argument,
        sid=sid,
        token=token_of(sid),
    )


def _not_done(claimed: ClaimedCall, explanation: str, now: datetime, *, again: bool) -> Ending:
    """Come back later to what may still work, unless it was tried often enough."""
    if not again or claimed.attempts >= claimed.most_attempts:
        return Ending("failed", explanation)
    return Ending("waiting", explanation, due_at=now + timedelta(seconds=backoff_seconds(claimed.attempts)))
