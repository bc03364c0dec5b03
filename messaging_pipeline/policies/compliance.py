"""What ``messaging.toml`` says about the law: when people are not disturbed, and how a service is registered."""

from datetime import time
from functools import cache
from typing import Annotated, Literal, Self, get_args
from zoneinfo import available_timezones

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.messages.likeness import has_words_of_its_own
from messaging_pipeline.messages.links import is_domain
from messaging_pipeline.messages.wording import words
from messaging_pipeline.validation.near_misses import near_miss

#: Tags that mean something to a gate.
INTENT_TAG = "intent"
TIME_ZONE_TAG = "time_zone"

REPLY_INTENT = "reply"
"""The intent of what we say by ourselves to somebody who has just written or called."""

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True, populate_by_name=True)


@cache
def _known_time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def is_time_zone(name: str) -> bool:
    """Tell whether the IANA database has a zone of this name."""
    return name in _known_time_zones()


def time_zone_cure(name: str) -> str:
    """Say what to write in place of a name that is none: the zone that was meant, where one is near or is a city's."""
    cities = {zone.rpartition("/")[2]: zone for zone in sorted(_known_time_zones())}
    meant = near_miss(name.replace(" ", "_"), _known_time_zones()) or near_miss(name.replace(" ", "_"), cities)
    if meant is None:
        return "give a name of the IANA database, such as America/Los_Angeles"
    return f"did you mean {cities.get(meant, meant)}?"


def _time_zone(name: str) -> str:
    if not is_time_zone(name):
        raise ValueError(f"is not a known time zone; {time_zone_cure(name)}")
    return name


def _on_the_wall(clock: time) -> time:
    if clock.tzinfo is not None:
        raise ValueError("has an offset; write the time on the recipient's own clock, such as 21:00")
    return clock


TimeZone = Annotated[str, AfterValidator(_time_zone)]
WallClock = Annotated[time, AfterValidator(_on_the_wall)]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Intent = Annotated[str, StringConstraints(min_length=1, max_length=100)]

UseCase = Literal[
    "2FA",
    "ACCOUNT_NOTIFICATION",
    "AGENTS_FRANCHISES",
    "CHARITY",
    "CUSTOMER_CARE",
    "DELIVERY_NOTIFICATION",
    "EMERGENCY",
    "FRAUD_ALERT",
    "HIGHER_EDUCATION",
    "K12_EDUCATION",
    "LOW_VOLUME",
    "MARKETING",
    "MIXED",
    "POLITICAL",
    "POLLING_VOTING",
    "PROXY",
    "PUBLIC_SERVICE_ANNOUNCEMENT",
    "SECURITY_ALERT",
    "SOCIAL",
    "SOLE_PROPRIETOR",
    "SWEEPSTAKE",
]
"""Twilio's codes for what a 10DLC campaign was registered for."""

WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)
"""In the order in which Python counts them, from Monday."""


@dataclass(frozen=True, config=_STRICT)
class Hours:
    """From when to when nothing is sent, by the recipient's own clock.

    ``begin`` and ``end`` are ``from`` and ``to`` in the file. ``days`` are those on which quiet hours begin,
    ``closed_days`` those that are quiet from midnight to midnight.
    """

    begin: Annotated[WallClock, Field(alias="from")] = time(21)
    end: Annotated[WallClock, Field(alias="to")] = time(8)
    days: tuple[Weekday, ...] = WEEKDAYS
    closed_days: tuple[Weekday, ...] = ()

    @model_validator(mode="after")
    def _leaves_time_to_send(self) -> Self:
        if self.begin == self.end:
            raise ValueError("from and to are the same; name whole days in closed_days")
        if set(self.closed_days) == set(WEEKDAYS):
            raise ValueError("closed_days leaves no day to send on")
        return self


@dataclass(frozen=True, config=_STRICT)
class QuietHours(Hours):
    """When nothing is sent, and what is sent all the same.

    Messages whose tag ``intent`` is one of ``exempt_intents`` leave at any time, those for whose intent ``intents`` has
    hours keep those instead. ``time_zone`` is assumed where a number tells none.
    """

    enabled: bool = True
    exempt_intents: tuple[Intent, ...] = ("otp", REPLY_INTENT)
    intents: dict[Intent, Hours] = Field(default_factory=dict)
    time_zone: TimeZone | None = None

    def hours_for(self, intent: str | None) -> Hours:
        """Return the hours that a message with this intent keeps, unless it is exempt."""
        return self if intent is None else self.intents.get(intent, self)

    @model_validator(mode="after")
    def _says_one_thing_of_an_intent(self) -> Self:
        for intent in self.intents:
            if intent in self.exempt_intents:
                raise ValueError(f"has hours for the intent {intent!r}, which exempt_intents lets pass at any time")
        return self


def _sample(text: str) -> str:
    if not has_words_of_its_own(text):
        raise ValueError("holds a sample of placeholders alone; give the text as it was registered")
    return text


def _links(value: object) -> object:
    """``true``, ``false``, or a list of domains in small letters."""
    if isinstance(value, bool):
        return value
    domains = value if isinstance(value, list | tuple) else ()
    if not domains or not all(isinstance(one, str) and is_domain(one) for one in domains):
        raise ValueError("is neither true nor false nor a list of domains, such as example.com")
    return tuple(one.lower() for one in domains)


Sample = Annotated[str, StringConstraints(min_length=1, max_length=1024), AfterValidator(_sample)]
Links = Annotated[bool | tuple[str, ...], BeforeValidator(_links)]


@dataclass(frozen=True, config=_STRICT)
class Registration:
    """How a service's senders are registered; what is left out is unknown, and warned of but not refused.

    ``ten_dlc`` is its campaign for US long codes, ``toll_free`` the verification of its toll-free numbers,
    ``dlt`` whether sender and templates are registered in India. ``use_case`` is what the campaign was registered for,
    ``links`` whether its texts have links, or to which domains; ``content`` is what becomes of a text that strays from
    these. ``samples`` are its sample texts, with placeholders such as ``{name}``, and ``on_drift`` is what becomes of a
    text that is like none of them: one whose likeness (0 to 1) to each is less than ``least_likeness``.
    """

    ten_dlc: Literal["approved", "pending", "rejected", "none"] | None = None
    toll_free: Literal["verified", "pending", "rejected", "none"] | None = None
    dlt: bool = False
    use_case: UseCase | None = None
    links: Links | None = None
    content: Literal["warn", "block"] = "warn"
    samples: Annotated[tuple[Sample, ...], Field(max_length=20)] = ()
    on_drift: Literal["warn", "block"] = "warn"
    least_likeness: Annotated[float, Field(gt=0, le=1)] = 0.4


def _telling(text: str) -> str:
    if not words(text):
        raise ValueError("has no words; say how to opt out, such as: Reply STOP to opt out")
    return text.strip()


@dataclass(frozen=True, config=_STRICT)
class FirstMessage:
    """What the first message to somebody says about opting out, and what becomes of one that does not say it.

    Messages whose tag ``intent`` is one of ``exempt_intents`` need not.
    """

    opt_out_text: Annotated[str, StringConstraints(max_length=160), AfterValidator(_telling)]
    when_missing: Literal["append", "warn", "block"] = "append"
    exempt_intents: tuple[Intent, ...] = ("otp", REPLY_INTENT)
