"""The front door for Python: hand a message over, ask where one is, withdraw one."""

import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from types import TracebackType
from typing import Any, Self
from uuid import UUID

from messaging_pipeline.accept.request import Priority
from messaging_pipeline.consent.ledger import Source
from messaging_pipeline.consent.scopes import require_scope
from messaging_pipeline.consent.statements import Change, Entered, enter_statements
from messaging_pipeline.consent.telling import parse_statement
from messaging_pipeline.feedback import Outcome
from messaging_pipeline.ids import MessageId
from messaging_pipeline.one_time_codes.book import Verification
from messaging_pipeline.one_time_codes.by_message import VALID_FOR, code_message
from messaging_pipeline.one_time_codes.verifying import Channel
from messaging_pipeline.runtime import Runtime, build_runtime
from messaging_pipeline.settings import Settings


class Pipeline:
    """Accepts messages for sending. Make one per process and share it between threads; close it at the end."""

    def __init__(self, settings: Settings | None = None) -> None:
        """Build it from settings, by default the environment's.

        Raises InvalidSettings naming the variable that is missing or wrong. Nothing is connected yet.
        """
        self._runtime: Runtime = build_runtime(
            settings or Settings.from_environment(os.environ), name="messaging-pipeline-producer"
        )

    def send(  # noqa: PLR0913 - the arguments of a message are the contract
        self,
        *,
        to: str,
        body: str | None = None,
        media_urls: Sequence[str] = (),
        service: str = "default",
        tenant: str = "default",
        from_: str | None = None,
        idempotency_key: str | None = None,
        priority: Priority = "normal",
        send_at: datetime | None = None,
        expires_at: datetime | None = None,
        fallback: Sequence[Mapping[str, Any]] | None = None,
        tags: Mapping[str, str] | None = None,
        message_id: UUID | str | None = None,
        sequence: str | None = None,
        smart_encoding: bool | None = None,
    ) -> MessageId:
        """Hand a message over. When this returns, it is written down and will be sent once, or its end explained.

        ``to`` is E.164. ``idempotency_key`` (or ``message_id``) makes a repeat return the first message's id.
        ``send_at`` is up to 35 days ahead; after ``expires_at`` it is not sent. ``fallback`` is what to do if it
        fails: ``[{"channel": "email", "to": "…"}]``; left out, the service's own plan holds. Messages of one
        ``sequence`` leave the service in the order in which they were handed over. ``smart_encoding`` sends look-alikes
        of plain characters as plain ones; unset, the service decides. A broker that is away is no error.

        Raises InvalidInput naming the field, or IdempotencyConflict, with nothing written; and
        psycopg.OperationalError when Postgres is away: the message is then still yours.
        """
        return self._runtime.accepting.accept(
            {
                "to": to,
                "body": body,
                "media_urls": list(media_urls),
                "service": service,
                "tenant": tenant,
                "from_": from_,
                "idempotency_key": idempotency_key,
                "priority": priority,
                "send_at": send_at,
                "expires_at": expires_at,
                "fallback": None if fallback is None else [dict(step) for step in fallback],
                "tags": dict(tags or {}),
                "message_id": message_id,
                "sequence": sequence,
                "smart_encoding": smart_encoding,
            }
        )

    def explain(self, **arguments: Any) -> dict[str, Any]:
        """Return what would become of a message, without sending it; the arguments are those of ``send``.

        The answer names the service, the sender, the encoding with the characters that force it, the segments, each
        gate's verdict with its reason, and ``next_allowed_at``: when it may leave, or None if it is refused. Raises
        InvalidInput naming the field that ``send`` would refuse as well.
        """
        return self._runtime.explaining.explain({name: value for name, value in arguments.items() if value is not None})

    def cancel(self, message_id: UUID | str, *, tenant: str = "default") -> None:
        """Withdraw a message that has not been sent yet; raises NotFound, or NotAllowed when it is too late.

        One that waits in Twilio's own schedule is canceled there; NotReachable is raised when Twilio does not answer.
        """
        self._runtime.canceling.cancel(MessageId(UUID(str(message_id))), tenant)

    def resolve(
        self, message_id: UUID | str, *, sent: str | None = None, tenant: str = "default", force: bool = False
    ) -> None:
        """Settle a message in doubt: ``sent`` is the SID it has at Twilio; without one, it was not sent and will be.

        Twilio is asked whether that SID went to the same recipient, unless ``force`` takes your word. Raises NotFound,
        or NotAllowed for a message that is not in doubt or a SID that is not its own.
        """
        key = MessageId(UUID(str(message_id)))
        if sent is None:
            self._runtime.resolving.not_sent(key, tenant)
        else:
            self._runtime.resolving.sent(key, tenant, sent, force=force)

    def send_code(  # noqa: PLR0913 - what is left of the arguments of a message
        self,
        *,
        to: str,
        body: str,
        valid_for: timedelta = VALID_FOR,
        service: str = "default",
        tenant: str = "default",
        idempotency_key: str | None = None,
        fallback: Sequence[Mapping[str, Any]] = (),
        tags: Mapping[str, str] | None = None,
    ) -> MessageId:
        """Hand over a text with a one-time code of your making: it goes before others, and never when it is too late.

        It is a message like any other, with the priority ``high``, the intent ``otp`` (exempt from quiet hours), and no
        fallback but the one given here. Raises what ``send`` raises.
        """
        return self._runtime.accepting.accept(
            code_message(
                to=to,
                body=body,
                now=self._runtime.clock.now(),
                valid_for=valid_for,
                service=service,
                tenant=tenant,
                idempotency_key=idempotency_key,
                fallback=fallback,
                tags=tags,
            )
        )

    def start_verification(
        self, to: str, *, idempotency_key: str, channel: Channel = "sms", tenant: str = "default"
    ) -> Verification:
        """Have Twilio Verify make a code and send it. A repeat with the same key sends no other one.

        Its ``state`` tells what became of it; ``unconfirmed`` may have been sent. Raises InvalidInput, InvalidSettings
        when the tenant has no Verify service, and NotAllowed when too many requests are under way.
        """
        return self._runtime.verifying.start(to, idempotency_key=idempotency_key, channel=channel, tenant=tenant)

    def check_verification(
        self, verification_id: UUID | str, code: str, *, to: str | None = None, tenant: str = "default"
    ) -> Verification:
        """Ask Twilio Verify about a code that somebody typed in: let them in only if the state is ``approved``.

        ``to`` is needed when the answer to the start was lost. Raises NotFound, InvalidInput, NotAllowed when no code
        was sent, and NotReachable when Twilio does not say.
        """
        return self._runtime.verifying.check(UUID(str(verification_id)), code, to=to, tenant=tenant)

    def feedback(self, message_id: UUID | str, outcome: Outcome, *, tenant: str = "default") -> None:
        """Tell Twilio whether a message has had its effect: ``confirmed`` or ``unconfirmed``.

        Its service must have had ``provide_feedback`` when it was sent. Raises NotFound, NotAllowed when Twilio does
        not take it, and NotReachable when Twilio does not answer.
        """
        self._runtime.feedback.give(MessageId(UUID(str(message_id))), tenant, outcome)

    def consent(  # noqa: PLR0913 - what proves a consent is all of this
        self,
        number: str,
        change: Change,
        *,
        service: str,
        tenant: str = "default",
        at: datetime | None = None,
        source: Source = "application",
        proof: str | None = None,
        ip: str | None = None,
        user_agent: str | None = None,
        note: str | None = None,
    ) -> Entered:
        """Write down that somebody has ``granted`` a service to write to them, or has ``withdrawn`` that.

        ``service`` is ``*`` for all of the tenant's. ``at`` is when it was said, by default now; what was said last
        holds, in whichever order it is told, and the same told twice counts once. ``source`` is ``website`` or
        ``offline``, say. ``proof`` names the record in your application; ``ip`` and ``user_agent`` are whose statement
        it was, and are kept sealed. Raises InvalidInput naming the field, with nothing written.
        """
        runtime, now = self._runtime, self._runtime.clock.now()
        statement = parse_statement(
            {
                "number": number,
                "service": service,
                "change": change,
                "at": at or now,
                "proof": proof,
                "ip": ip,
                "user_agent": user_agent,
                "note": note,
            },
            tenant=tenant,
            source=source,
            now=now,
            require_scope=partial(require_scope, runtime.configuration),
        )
        return enter_statements(runtime.pool, runtime.sealer, [statement], now)

    def show(self, message_id: UUID | str, *, tenant: str = "default") -> dict[str, Any]:
        """Return a message with its attempts, events and fallback steps; raises NotFound.

        ``waits`` is a sentence that says what holds up a message which has not left, or None.
        """
        return self._runtime.waiting.told(self._runtime.tracing.message(MessageId(UUID(str(message_id))), tenant))

    def close(self) -> None:
        """Close every connection."""
        self._runtime.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
