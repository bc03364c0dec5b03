"""Whoever says stop is not written to until they say yes: every line is kept, each proof counts once."""

import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import psycopg
import pytest

from messaging_pipeline.consent.ledger import ALL_SERVICES, OptOut, grant, is_opted_out, withdraw
from tests.support.consenting import NUMBER, a_grant, a_withdrawal, derived, in_force, lines, number

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
LATER = NOON + timedelta(hours=1)
A_SID = "SM" + "1" * 32
ANOTHER_SID = "SM" + "2" * 32


@pytest.fixture
def connection(database_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(database_url, autocommit=True, options="-c timezone=UTC") as connection:
        yield connection


def opted_out(connection: psycopg.Connection, service: str = "default", tenant: str = "default") -> bool:
    return is_opted_out(connection, tenant, service, NUMBER)


def test_a_number_nobody_spoke_about_may_be_written_to(connection: psycopg.Connection) -> None:
    assert not opted_out(connection)


def test_a_withdrawal_from_one_service_leaves_the_others_open(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(scope="alerts")], NOON)
    assert opted_out(connection, "alerts")
    assert not opted_out(connection, "offers")


def test_a_withdrawal_from_all_services_closes_every_one_of_that_tenant(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(scope=ALL_SERVICES)], NOON)
    assert opted_out(connection, "alerts")
    assert opted_out(connection, "offers")
    assert not opted_out(connection, "alerts", tenant="acme")


def test_a_grant_lifts_what_was_withdrawn_and_both_stay_written(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal()], NOON)
    assert grant(connection, [a_grant()], LATER) == [OptOut("default", "default", NUMBER, "operator")]
    assert not opted_out(connection)
    assert lines(connection) == [(NUMBER, "default", "withdrawn"), (NUMBER, "default", "granted")]


def test_a_grant_to_one_service_leaves_a_withdrawal_from_all_in_force(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(scope=ALL_SERVICES)], NOON)
    assert grant(connection, [a_grant(scope="alerts")], LATER) == []
    assert opted_out(connection, "alerts")


def test_a_grant_to_all_services_lifts_every_opt_out_of_the_number(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(scope=scope) for scope in ("alerts", "offers", ALL_SERVICES)], NOON)
    withdraw(connection, [a_withdrawal(number=number(1)), a_withdrawal(tenant="acme")], NOON)
    assert len(grant(connection, [a_grant(scope=ALL_SERVICES)], LATER)) == 3
    assert in_force(connection) == {("default", "default", number(1)), ("acme", "default", NUMBER)}


def test_a_grant_without_a_withdrawal_is_written_all_the_same(connection: psycopg.Connection) -> None:
    assert grant(connection, [a_grant()], NOON) == []
    assert lines(connection) == [(NUMBER, "default", "granted")]


def test_the_same_callback_again_adds_no_line(connection: psycopg.Connection) -> None:
    refused = a_withdrawal(source="callback", sid=A_SID, error_code=21610)
    assert withdraw(connection, [refused], NOON) == [OptOut("default", "default", NUMBER, "callback")]
    assert withdraw(connection, [refused], LATER) == []
    assert len(lines(connection)) == 1


def test_the_same_refusal_by_callback_and_by_asking_is_one_proof(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(source=source, sid=A_SID) for source in ("callback", "reconcile")], NOON)
    assert len(lines(connection)) == 1


def test_a_refusal_without_a_sid_is_known_by_our_message(connection: psycopg.Connection) -> None:
    first, second = uuid4(), uuid4()
    for message_id in (first, first, second):
        withdraw(connection, [a_withdrawal(source="create", message_id=message_id)], NOON)
    assert len(lines(connection)) == 2


def test_an_old_callback_does_not_take_back_a_later_grant(connection: psycopg.Connection) -> None:
    refused = a_withdrawal(source="callback", sid=A_SID)
    withdraw(connection, [refused], NOON)
    grant(connection, [a_grant()], NOON)
    assert withdraw(connection, [refused], LATER) == []
    assert not opted_out(connection)


def test_another_refusal_after_a_grant_is_news(connection: psycopg.Connection) -> None:
    withdraw(connection, [a_withdrawal(sid=A_SID)], NOON)
    grant(connection, [a_grant()], NOON)
    assert len(withdraw(connection, [a_withdrawal(sid=ANOTHER_SID)], LATER)) == 1
    assert opted_out(connection)


def test_another_refusal_of_one_who_has_opted_out_is_a_line_and_no_new_opt_out(
    connection: psycopg.Connection,
) -> None:
    withdraw(connection, [a_withdrawal(sid=A_SID)], NOON)
    assert withdraw(connection, [a_withdrawal(sid=ANOTHER_SID)], LATER) == []
    assert len(lines(connection)) == 2
    assert connection.execute("select since from opt_outs").fetchall() == [(NOON,)]


def test_what_an_operator_says_twice_is_written_twice(connection: psycopg.Connection) -> None:
    for note in ("by telephone", "by letter"):
        withdraw(connection, [a_withdrawal(note=note)], NOON)
    assert len(lines(connection)) == 2


def test_several_lines_about_one_number_in_a_batch_are_one_opt_out(connection: psycopg.Connection) -> None:
    batch = [a_withdrawal(source="callback", sid=A_SID), a_withdrawal(source="create", sid=ANOTHER_SID)]
    assert withdraw(connection, batch, NOON) == [OptOut("default", "default", NUMBER, "callback")]
    assert len(lines(connection)) == 2


def test_a_line_keeps_all_that_was_said(connection: psycopg.Connection) -> None:
    message_id = uuid4()
    proven = {"sid": A_SID, "message_id": message_id, "error_code": 21610, "note": "said so"}
    withdraw(connection, [a_withdrawal(source="callback", **proven)], NOON)
    kept = connection.execute("select source, sid, message_id, error_code, note, at from consent_events").fetchone()
    assert kept == ("callback", A_SID, message_id, 21610, "said so", NOON)


def test_nothing_to_say_asks_nothing_of_the_database(connection: psycopg.Connection) -> None:
    connection.close()
    assert withdraw(connection, [], NOON) == []
    assert grant(connection, [], NOON) == []


@pytest.mark.parametrize("seed", range(5))
def test_the_list_is_always_what_the_ledger_says(connection: psycopg.Connection, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(40):
        place = {
            "tenant": dice.choice(["default", "acme"]),
            "scope": dice.choice(["alerts", "offers", ALL_SERVICES]),
            "number": number(dice.randrange(3)),
            "sid": dice.choice([None, f"SM{dice.randrange(8):032}"]),
        }
        if dice.random() < 0.6:
            withdraw(connection, [a_withdrawal(**place)], NOON)
        else:
            grant(connection, [a_grant(**place)], NOON)
        assert in_force(connection) == derived(connection)
