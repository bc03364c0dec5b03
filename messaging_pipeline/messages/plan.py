"""A message's fallback plan: what to do, one step after the other, when it does not arrive."""

import re
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    TypeAdapter,
    model_validator,
)

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.messages.phone_numbers import parse_e164
from messaging_pipeline.queues import Queue
from messaging_pipeline.validation.shapes import Shape

#: One mailbox in the plain form that every mail server takes: ASCII, no quoting, no comments (RFC 5321, 4.1.2).
EmailAddress = Annotated[
    str,
    Shape(
        r"[!#-'*+\-./0-9=?A-Z^_`a-z{|}~]{1,64}@[A-Za-z0-9.-]{1,253}",
        "is not an e-mail address; write one such as ada@example.com",
    ),
]

MOST_STEPS = 5

LATE = "not_delivered_within"
"""The cause of a step that the clock has started."""

Cause = Literal[
    "undelivered",
    "failed",
    "expired",
    "rejected",
    "suppressed",
    "recipient",
    "content",
    "sender",
    "account",
    "transient",
    "throttled",
]
"""What a step may name: how a message ended, or whose fault its error code says it was."""

_STRICT = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
#: https://firebase.google.com/docs/reference/fcm/rest/v1/projects.messages, and ours.
_TAKEN_NAMES = frozenset({"from", "notification", "message_type", "message_id", "step"})
_TASK = re.compile(r"[A-Za-z_][A-Za-z0-9_.]{0,199}")
_QUEUE = Shape("[A-Za-z0-9_.-]{1,100}", "is no queue; use letters, digits, dots, hyphens and underscores, such as shop")
_DATA_NAME = Shape("[A-Za-z0-9_.-]{1,100}", "is no name; use letters, digits, dots, hyphens and underscores")
_ONE_LINE = Shape(r"[^\r\n]*", "has more than one line; write it in one")
_LINK = Shape(r"https?://[^\s]+", "is no link; write one that begins with https://, such as https://example.com/orders")
_DEVICE = Shape("[!-~]{1,4096}", "is no registration token; give the one that Firebase made for the device")
_TOPIC = Shape("[A-Za-z0-9_.~%-]{1,900}", "is no topic; write its name without /topics/, such as oncall")


def _number(text: str) -> str:
    try:
        return parse_e164(text, "to")
    except InvalidInput as error:
        raise ValueError(f"{error.reason}; {error.remedy}") from None


def _foreign_task(name: str) -> str:
    if not _TASK.fullmatch(name) or name.startswith("messaging."):
        raise ValueError("is not the name of a task of your own; write its full name, such as shop.call_back")
    return name


def _foreign_queue(name: str) -> str:
    if name in set(Queue):
        raise ValueError("is a queue of the pipeline's; name one that your own workers consume")
    return name


ForeignTask = Annotated[str, AfterValidator(_foreign_task)]
ForeignQueue = Annotated[str, _QUEUE, AfterValidator(_foreign_queue)]


class TaskOfYours(BaseModel):
    """A Celery task of your own, and the queue that your own workers consume."""

    model_config = _STRICT

    task: ForeignTask
    queue: ForeignQueue


def _data_name(name: str) -> str:
    if name in _TAKEN_NAMES or name.startswith(("google", "gcm")):
        raise ValueError("is a name that Firebase or the pipeline keeps for itself; choose another")
    return name


class _Step(BaseModel):
    """When a step may start; without either, when the message has failed in any way but an opt-out."""

    model_config = _STRICT

    on: Annotated[tuple[Cause, ...], Field(min_length=1)] | None = None
    not_delivered_within: Annotated[float, Field(ge=1, le=7 * 86_400)] | None = None

    def as_json(self) -> dict[str, Any]:
        """The form that is sealed and stored."""
        return self.model_dump(mode="json", exclude_none=True)


class EmailStep(_Step):
    """An e-mail with the message's text, or one of its own."""

    repeatable: ClassVar[bool] = False

    channel: Literal["email"]
    to: EmailAddress
    subject: Annotated[str, Field(min_length=1, max_length=200), _ONE_LINE] = "A message for you"
    body: Annotated[str, Field(min_length=1, max_length=100_000)] | None = None


class SmsStep(_Step):
    """Another message through the pipeline: to the same number unless another is given, with the text and a link."""

    repeatable: ClassVar[bool] = True

    channel: Literal["sms"]
    to: Annotated[str, AfterValidator(_number)] | None = None
    body: Annotated[str, Field(min_length=1, max_length=1600)] | None = None
    link: Annotated[str, Field(max_length=1000), _LINK] | None = None
    service: Annotated[str, Field(min_length=1, max_length=63)] | None = None


class HttpStep(_Step):
    """A signed call of a receiver; ``repeatable`` says that it drops what its Idempotency-Key has brought before."""

    channel: Literal["http"]
    to: Annotated[str, Field(min_length=1, max_length=63)]
    repeatable: bool = False


class CeleryStep(_Step):
    """A task for somebody else's Celery workers; ``repeatable`` says that to run it twice does no harm."""

    channel: Literal["celery"]
    task: ForeignTask
    queue: ForeignQueue
    arguments: Annotated[dict[str, JsonValue], Field(max_length=20)] = Field(default_factory=dict)
    repeatable: bool = False


DataName = Annotated[str, _DATA_NAME, AfterValidator(_data_name)]


class PushStep(_Step):
    """A notification by Firebase: to one device by its registration token, or to all that follow a topic.

    ``repeatable`` takes it that devices show one notification of a step, however often it comes.
    """

    channel: Literal["push"]
    to: Annotated[str, _DEVICE] | None = None
    topic: Annotated[str, _TOPIC] | None = None
    title: Annotated[str, Field(min_length=1, max_length=200)] = "A message for you"
    body: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    data: Annotated[dict[DataName, Annotated[str, Field(max_length=100)]], Field(max_length=5)] = Field(
        default_factory=dict
    )
    repeatable: bool = False

    @model_validator(mode="after")
    def _goes_to_somebody(self) -> Self:
        if (self.to is None) is (self.topic is None):
            raise ValueError("needs `to`, a device's registration token, or `topic`, and not both")
        return self


Step = EmailStep | SmsStep | HttpStep | CeleryStep | PushStep
Plan = Annotated[tuple[Annotated[Step, Field(discriminator="channel")], ...], Field(max_length=MOST_STEPS)]

_STORED: TypeAdapter[tuple[Step, ...]] = TypeAdapter(Plan)


def stored_plan(value: Sequence[Any]) -> tuple[Step, ...]:
    """Read a plan back that was stored with ``as_json``."""
    return _STORED.validate_python(value)
