"""What is wrong is said in sentences of ours, with a cure: never by a regular expression, nor in pydantic's words."""

from collections.abc import Iterator
from dataclasses import is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from messaging_pipeline.accept.request import _Shape, parse_send_request
from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.messages.plan import Step
from messaging_pipeline.policies.tickets import TICKET
from messaging_pipeline.settings import Settings
from messaging_pipeline.validation.problems import Problem, first_problem, problem
from messaging_pipeline.validation.sentences import SENTENCES
from tests.support.factories import a_send, configuration_file, settings

WRONG = (
    "", " ", "nobody", "?", "\n", "x" * 200_000, "2027-01-01", "2027-01-01T00:00:00", "24:61", "1" * 5_000, "nan", "-1",
    -1, 0, 1, 10**30, 0.000_000_1, 0.5, float("inf"), float("nan"), True, None, b"\xff", object(),
    [], ["?"], [0], [{}], {}, {"?": "?"}, {"": ""}, {0: 0}, {"nobody": {}}, [{"channel": "pigeon"}], ["x"] * 30,
)  # fmt: skip
"""Each is wrong for nearly every type."""

NOT_OUR_WORDS = ("pattern", "should", "Input", "input", "unable", "{", "^[", "a-z", "pydantic", "instance")


def models_below(kind: Any, seen: set[Any]) -> None:
    """Collect every model and dataclass that a type is made of."""
    if isinstance(kind, type) and (issubclass(kind, BaseModel) or is_dataclass(kind)) and kind not in seen:
        seen.add(kind)
        for field in fields_of(kind).values():
            models_below(field.annotation, seen)
    for inner in get_args(kind):
        models_below(inner, seen)


def fields_of(model: Any) -> dict[str, FieldInfo]:
    fields: dict[str, FieldInfo] = getattr(model, "model_fields", None) or model.__pydantic_fields__
    return fields


def all_models() -> set[Any]:
    found: set[Any] = set()
    for root in (Settings, Configuration, _Shape, Step):
        models_below(root, found)
    return found


def all_fields() -> list[Any]:
    return [
        pytest.param(model, field.alias or name, id=f"{model.__name__}.{name}")
        for model in sorted(all_models(), key=lambda one: one.__name__)
        for name, field in fields_of(model).items()
    ]


def complaints(model: Any, name: str) -> Iterator[tuple[str, Problem]]:
    adapter = TypeAdapter(model)
    for value in WRONG:
        try:
            adapter.validate_python({name: value})
        except ValidationError as error:
            for found in error.errors():
                yield found["type"], problem(found, model)


def test_every_kind_of_thing_that_somebody_writes_is_looked_at() -> None:
    names = {model.__name__ for model in all_models()}
    assert {"Settings", "Service", "Tenant", "EmailStep", "QuietHours", "TicketPolicy", "EventsPolicy"} <= names


@pytest.mark.parametrize(("model", "name"), all_fields())
def test_no_wrong_value_is_answered_by_a_pattern_or_in_other_words_than_ours(model: Any, name: str) -> None:
    for kind, found in complaints(model, name):
        assert kind in SENTENCES or kind in {"value_error", "extra_forbidden", "unexpected_keyword_argument"}
        assert found.reason
        assert found.remedy
        said = f"{found.reason}; {found.remedy}".replace(TICKET, "")
        assert not [word for word in NOT_OUR_WORDS if word in said], said


def test_an_unforeseen_kind_of_mistake_is_still_told_in_our_words() -> None:
    class Foreign(BaseModel):
        model_config = ConfigDict(arbitrary_types_allowed=True)

        path: Path

    with pytest.raises(ValidationError) as refusal:
        Foreign.model_validate({"path": 1})
    assert first_problem(refusal.value, Foreign) == Problem("path", "is not valid", "correct the value")


START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EMAIL = {"channel": "email", "to": "ada@example.com"}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"fallback": [{**EMAIL, "to": "nobody"}]},
            "fallback.0.to: is not an e-mail address; write one such as ada@example.com",
        ),
        (
            {"fallback": [{**EMAIL, "channel": "emial"}]},
            "fallback.0.channel: is not a known channel; use one of: email, sms, http, celery, push",
        ),
        ({"fallback": [{**EMAIL, "subjet": "Hi"}]}, "fallback.0.subjet: is not a known name; did you mean `subject`?"),
        ({"fallback": [{**EMAIL, "on": ["late"]}]}, "fallback.0.on.0: is none of the known values; use one of: undel"),
        ({"expires_at": "2026-12-01T12:00:00"}, "expires_at: has no time zone; add one, such as 2027-01-01T00:00:00Z"),
        ({"expires_at": "tomorrow"}, "expires_at: is no date and time; write ISO 8601 with a time zone, such as 2027"),
        (
            {"expires_at": "2020-01-01T00:00:00Z"},
            f"expires_at: 2020-01-01T00:00:00+00:00 is not after the time of sending, {START.isoformat()}; choose",
        ),
        ({"to": None}, "to: is no text; put it in quotes"),
        ({"text": "Hi"}, "text: is not a known name; the names here are: to, body, media_urls"),
        ({"expire_at": "2027-01-01T00:00:00Z"}, "expire_at: is not a known name; did you mean `expires_at`?"),
        ({"priority": "urgent"}, "priority: is none of the known values; use one of: high, normal, bulk"),
        ({"message_id": "1"}, "message_id: is no UUID; give one such as"),
        ({"idempotency_key": ""}, "idempotency_key: is empty; give it a value, or leave it out"),
        ({"tags": {str(number): "x" for number in range(21)}}, "tags: has too many entries; give at most 20"),
    ],
)
def test_a_send_that_is_wrong_is_told_what_and_how_to_mend_it(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        parse_send_request(a_send(**changes), START)
    assert str(refusal.value).startswith(said)


@pytest.mark.parametrize(
    ("text", "place", "reason", "remedy"),
    [
        ("[service.a]", "service", "is not a known name", "did you mean `services`?"),
        (
            '[services.a]\nfrom_nubmer = "+14155550100"',
            "services.a.from_nubmer",
            "is not a known name",
            "did you mean `from_number`?",
        ),
        ("[services.a]\nfrom_number = 14155550100", "services.a.from_number", "is no text", "put it in quotes"),
        (
            "[services.a]\nsegments_per_second = 'fast'",
            "services.a.segments_per_second",
            "is no number",
            "give one without quotes",
        ),
        ("[services.a]\ntransient_retries = 101", "services.a.transient_retries", "is too large", "give at most 100"),
        (
            "[services.a]\nmessaging_service_sid = 'MG1'",
            "services.a.messaging_service_sid",
            "is no Messaging Service SID (MG and 32 hex digits)",
            "copy it",
        ),
        (
            "[[services.a.fallback]]\nchannel = 'emial'\nto = 'a@b.c'",
            "services.a.fallback.0.channel",
            "is not a known channel",
            "use one of: email, sms",
        ),
        (
            "[services.a.quiet_hours]\nfro = 21:00:00",
            "services.a.quiet_hours.fro",
            "is not a known name",
            "did you mean `from`?",
        ),
        (
            "[services.a.quiet_hours]\nfrom = 'late'",
            "services.a.quiet_hours.from",
            "is no time of day",
            "write it on a clock",
        ),
        ("[services]\na = 1", "services.a", "is no table of names and values", "write it as one"),
        ("[services.'A B']", "services.A B.[key]", "is no name", "use up to 63 small letters"),
    ],
)
def test_a_file_that_is_wrong_is_told_what_and_how_to_mend_it(
    tmp_path: Path, text: str, place: str, reason: str, remedy: str
) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, text + "\n")))
    assert refusal.value.setting == f"MESSAGING_CONFIG {place}"
    assert refusal.value.reason.startswith(f"{reason} (in ")
    assert refusal.value.remedy.startswith(remedy)


@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("PORT", "abc", "is no port; give a number from 1 to 65535"),
        ("PORT", "70000", "is no port; give a number from 1 to 65535"),
        ("MESSAGING_METRICS_PORT", "0", "is too small; give at least 1"),
        ("MESSAGING_LEASE_SECONDS", "soon", "is no number; give one without quotes, such as 0.5"),
        ("TWILIO_ACCOUNT_SID", "SK1", "is no Account SID (AC and 32 hex digits); copy it from Twilio's console"),
        ("MESSAGING_LOG_FORMAT", "yaml", "is none of the known values; use one of: text, json"),
        ("TWILIO_FROM_NUMBER", "call me!", "is not a sender; write a number in international"),
    ],
)
def test_a_variable_that_is_wrong_is_told_what_and_how_to_mend_it(variable: str, value: str, said: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        load_configuration(settings(**{variable: value}))
    assert str(refusal.value).startswith(f"{variable}: {said}")
