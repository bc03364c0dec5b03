"""A way out, as the file declares it: who sends, how fast, and by which rules."""

from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from messaging_pipeline.configuration.keys import DEFAULT_TENANT, Key
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.messages.phone_numbers import parse_sender
from messaging_pipeline.messages.plan import Plan
from messaging_pipeline.policies.compliance import FirstMessage, QuietHours, Registration
from messaging_pipeline.policies.keywords import KeywordPolicy
from messaging_pipeline.policies.lookup import LookupPolicy
from messaging_pipeline.policies.spending import SpendCaps
from messaging_pipeline.settings import MessagingServiceSid

_DEFAULT_SEGMENTS_PER_SECOND = 10.0
_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _sender(text: str) -> str:
    try:
        return parse_sender(text, "from_number")
    except InvalidInput as error:
        raise ValueError(f"{error.reason}; {error.remedy}") from None


Sender = Annotated[str, AfterValidator(_sender)]


@dataclass(frozen=True, config=_STRICT)
class Service:
    """A way out: one Messaging Service or number, with its own rate.

    ``segments_per_second`` is what Twilio grants the sender, in message segments (MPS); ``burst_segments``
    is how many may leave at once after a pause. ``daily_cap`` names one of ``[caps]``, and ``inbound_tickets`` one of
    ``[tickets]``, where what people write to it goes.

    ``transient_retries`` is how often a message that Twilio turned away for a passing reason is tried again;
    ``undelivered_retries`` how often one that a carrier could not deliver just then, the first time after about
    ``undelivered_retry_seconds``, each later one after twice as long. ``when_unconfirmed`` says what becomes of a
    message that may have been sent when no evidence has come ``unconfirmed_after_seconds`` after its attempt.
    ``fallback`` is the plan of messages that bring none.

    ``twilio_handles_keywords`` tells that Twilio answers STOP, START and HELP by itself, as it does unless it was
    told otherwise; short codes without Advanced Opt-Out are the usual exception. ``first_message`` is what the first
    message to somebody says about opting out.

    ``smart_encoding`` replaces look-alikes of plain characters in texts that do not say themselves. ``media_http``
    permits media addresses without TLS; ``media_check`` has workers look at media before they are sent, and
    ``media_private_hosts`` are the hosts that may then be at private addresses. ``mms_link_fallback`` sends an SMS
    with links after media that could not arrive. ``provide_feedback`` announces to Twilio that outcomes will be
    reported, and ``missed_call_text`` answers calls that nobody took. ``spend`` caps what the service may spend.
    ``landline_days`` is how long a number is left alone that turned out to be no mobile one; unset, it is tried again.
    ``lookup`` has Twilio asked about numbers beforehand.
    """

    tenant: Key = DEFAULT_TENANT
    messaging_service_sid: MessagingServiceSid | None = None
    from_number: Sender | None = None
    segments_per_second: Annotated[float, Field(ge=0.001, le=10_000)] = _DEFAULT_SEGMENTS_PER_SECOND
    burst_segments: Annotated[int, Field(ge=1, le=10_000)] | None = None
    daily_cap: Key | None = None
    inbound_tickets: Key | None = None
    transient_retries: Annotated[int, Field(ge=0, le=100)] = 10
    undelivered_retries: Annotated[int, Field(ge=0, le=10)] = 2
    undelivered_retry_seconds: Annotated[float, Field(ge=0.1, le=86_400)] = 60.0
    when_unconfirmed: Literal["hold", "resend", "fallback"] = "hold"
    unconfirmed_after_seconds: Annotated[float, Field(ge=1, le=86_400)] = 900.0
    registration: Registration = Field(default_factory=Registration)
    quiet_hours: QuietHours | None = None
    first_message: FirstMessage | None = None
    fallback: Plan = ()
    twilio_handles_keywords: bool = True
    keywords: KeywordPolicy = Field(default_factory=KeywordPolicy)
    smart_encoding: bool = False
    media_http: bool = False
    media_check: bool = False
    media_private_hosts: tuple[str, ...] = ()
    mms_link_fallback: bool = False
    provide_feedback: bool = False
    missed_call_text: Annotated[str, Field(min_length=1, max_length=1600)] | None = None
    spend: SpendCaps | None = None
    landline_days: Annotated[int, Field(ge=1, le=365)] | None = None
    lookup: LookupPolicy | None = None

    @property
    def burst(self) -> int:
        """Burst in segments; one second's worth, and at least one, unless configured."""
        return self.burst_segments or max(1, int(self.segments_per_second))

    @property
    def has_sender(self) -> bool:
        """Whether there is anything to send from."""
        return bool(self.messaging_service_sid or self.from_number)
