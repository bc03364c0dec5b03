"""Whose number it is, by a function of yours: what it may return, and what becomes of what it may not."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.tickets.contract import Customer
from messaging_pipeline.tickets.customers import CustomersFailed, customers_from
from tests.support.ticketed import NUMBER

SETTING = "MESSAGING_CONFIG tickets.support.customers"

Install = Callable[[Any], str]


@pytest.fixture
def install() -> Any:
    """Put a function into a module that can be imported; return its entry point."""
    module = ModuleType("shop_customers")
    sys.modules[module.__name__] = module

    def put(function: Any) -> str:
        module.by_number = function  # type: ignore[attr-defined]
        return "shop_customers:by_number"

    yield put
    del sys.modules[module.__name__]


def test_without_a_look_up_a_number_is_a_customer_of_its_tenant() -> None:
    customer_of = customers_from(None, SETTING)
    assert customer_of("default", NUMBER) == Customer("sms.default.n.14155550123")
    assert customer_of("acme", NUMBER) != customer_of("default", NUMBER)


def test_a_look_up_gets_the_tenant_and_the_number(install: Install) -> None:
    asked: list[tuple[str, str]] = []

    def by_number(tenant: str, number: str) -> dict[str, str]:
        asked.append((tenant, number))
        return {"id": "4711", "name": "Ann\nExample", "email": "ann@example.com"}

    customer_of = customers_from(install(by_number), SETTING)
    assert customer_of("acme", NUMBER) == Customer("sms.acme.c.4711", "Ann Example", "ann@example.com")
    assert asked == [("acme", NUMBER)]


def test_a_number_that_the_look_up_does_not_know_is_a_customer_of_its_own(install: Install) -> None:
    customer_of = customers_from(install(lambda tenant, number: None), SETTING)
    assert customer_of("default", NUMBER) == customers_from(None, SETTING)("default", NUMBER)


def test_an_address_that_is_none_is_left_out(install: Install) -> None:
    customer_of = customers_from(install(lambda tenant, number: {"id": 7, "email": "no, thanks"}), SETTING)
    assert customer_of("default", NUMBER) == Customer("sms.default.c.7")


@pytest.mark.parametrize("returned", [{}, {"id": ""}, {"id": 'x" OR project = "HR'}, {"id": "a^b"}, "4711", 5, ["x"]])
def test_what_no_ticket_system_could_take_as_a_key_is_refused(install: Install, returned: object) -> None:
    customer_of = customers_from(install(lambda tenant, number: returned), SETTING)
    with pytest.raises(CustomersFailed):
        customer_of("default", NUMBER)


def test_an_error_of_the_look_up_is_named_by_its_type_alone(install: Install) -> None:
    def failing(tenant: str, number: str) -> None:
        raise LookupError(f"nothing about {number}")

    customer_of = customers_from(install(failing), SETTING)
    with pytest.raises(CustomersFailed) as failure:
        customer_of("default", NUMBER)
    assert str(failure.value) == "the look-up of the customer failed (LookupError)"


@pytest.mark.parametrize("entry_point", ["nowhere.at_all:by_number", "json:by_number", "json:__name__"])
def test_a_look_up_that_is_not_there_is_named_at_the_start(entry_point: str) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        customers_from(entry_point, SETTING)
    assert refusal.value.setting == SETTING
