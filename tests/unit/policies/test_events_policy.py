"""What may be said in `[events]`, what is refused, and who hears of which message."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import ValidationError

from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.messages.state_machine import Status
from messaging_pipeline.policies.events import (
    DEFAULT_STATUSES,
    EventsPolicy,
    ToldStatus,
    refuse_unknown_wish,
    wishes_of,
)
from tests.support.factories import configuration_file, settings
from tests.support.told import HEAD, SECRET

TASK = {"task": "shop.on_event", "queue": "shop"}


def policy(**changes: Any) -> EventsPolicy:
    return EventsPolicy(**{"receiver": "orders", "statuses": ["delivered"], **changes})


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"receiver": None}, "one of celery and receiver"),
        ({"celery": TASK}, "one of celery and receiver"),
        ({"receiver": None, "celery": {**TASK, "task": "messaging.send"}}, "task"),
        ({"receiver": None, "celery": {**TASK, "queue": "deliver"}}, "queue"),
        ({"statuses": ["pending"]}, "statuses"),
        ({"statuses": ["arrived"]}, "statuses"),
        ({"statuses": []}, "tells of nothing"),
        ({"include": ["to"]}, "include"),
        ({"most_attempts": 0}, "most_attempts"),
        ({"most_at_once": 51}, "most_at_once"),
        ({"url": "http://example.com"}, "url"),
    ],
)
def test_what_makes_no_sense_is_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        policy(**changes)


def test_every_status_that_somebody_can_wait_for_may_be_told() -> None:
    assert {*get_args(ToldStatus), "pending", "claimed"} == set(Status)


def test_a_policy_may_tell_of_inbound_messages_alone() -> None:
    assert policy(statuses=[], inbound=True).inbound


def test_every_end_is_told_unless_it_is_said_otherwise() -> None:
    assert {"delivered", "undelivered", "failed", "expired", "unconfirmed", "sent"} <= set(DEFAULT_STATUSES)
    assert EventsPolicy(receiver="orders").statuses == DEFAULT_STATUSES


POLICIES = {
    "all": policy(),
    "offers": policy(services=("offers",), statuses=["sent", "delivered"]),
    "asked": policy(services=()),
    "acmes": policy(tenant="acme"),
}


@pytest.mark.parametrize(
    ("tenant", "service", "tags", "wishes"),
    [
        ("default", "default", {}, ["all:delivered"]),
        ("default", "offers", {}, ["all:delivered", "offers:sent", "offers:delivered"]),
        ("default", "offers", {"notify": "asked"}, ["asked:delivered"]),
        ("acme", "acme-alerts", {}, ["acmes:delivered"]),
        ("acme", "acme-alerts", {"notify": "all"}, None),
        ("nobody", "default", {}, None),
    ],
)
def test_who_hears_of_a_message(tenant: str, service: str, tags: dict[str, str], wishes: list[str] | None) -> None:
    assert wishes_of(POLICIES, tenant, service, tags) == wishes


def test_a_message_cannot_name_a_policy_that_its_tenant_does_not_have() -> None:
    for tags in ({}, {"notify": "asked"}):
        refuse_unknown_wish(POLICIES, "default", tags)
    for name in ("acmes", "nobody"):
        with pytest.raises(InvalidInput, match="use one of: all, asked, offers") as refusal:
            refuse_unknown_wish(POLICIES, "default", {"notify": name})
        assert refusal.value.field == "tags.notify"
    with pytest.raises(InvalidInput, match="declare it in messaging"):
        refuse_unknown_wish({}, "default", {"notify": "all"})


@pytest.mark.parametrize(
    ("keys", "place"),
    [
        ('tenant = "acme"\ncelery = { task = "a", queue = "b" }', "tenant"),
        ('receiver = "orders"', "receiver"),
        ('celery = { task = "a", queue = "b" }\nservices = ["offer"]', "services"),
    ],
)
def test_a_policy_that_names_what_is_not_there_stops_every_process(keys: str, place: str, tmp_path: Path) -> None:
    path = configuration_file(tmp_path, f"{HEAD}\n[events.orders]\n{keys}\n")
    with pytest.raises(InvalidSettings) as refusal:
        load_configuration(settings(MESSAGING_CONFIG=path, DESK=SECRET))
    assert refusal.value.setting == f"MESSAGING_CONFIG events.orders.{place}"
