"""What is decided about a service is what its board shows, on a real Postgres."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

import psycopg
import pytest

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.db.pool import UNREACHABLE, Pool, in_transaction, open_pool
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import ServiceKey, TenantKey
from messaging_pipeline.services import steer
from messaging_pipeline.services.board import BOARD_SECONDS, ServiceBoard, ServiceStanding
from messaging_pipeline.services.pace import FLOOR, PaceName, pace_of_account, pace_of_service
from tests.support.factories import configuration_file, settings

ALERTS, OFFERS, REMINDERS = ServiceKey("alerts"), ServiceKey("offers"), ServiceKey("reminders")
SERVICES = """
[tenants.acme]
account_sid = "ACcccccccccccccccccccccccccccccccc"
auth_token = "env:ACME_AUTH_TOKEN"

[services.alerts]
segments_per_second = 30
burst_segments = 12

[services.offers]
segments_per_second = 9

[services.reminders]
tenant = "acme"
segments_per_second = 0.002
"""
WRONG_TOKEN = "the account's token is wrong"


class Hands:
    """A monotonic clock that is moved by hand."""

    seconds = 1_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    return load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, SERVICES)))


@pytest.fixture
def pool(database_url: str) -> Iterator[Pool]:
    with open_pool(database_url, size=4, name="tests", checked=False) as pool:
        yield pool


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def board(pool: Pool, configuration: Configuration, clock: ManualClock, hands: Hands) -> ServiceBoard:
    return ServiceBoard(pool, configuration, clock, monotonic=hands)


Look = Callable[[ServiceKey], ServiceStanding]


@pytest.fixture
def look(board: ServiceBoard) -> Look:
    """Read what stands there now."""

    def look(service: ServiceKey) -> ServiceStanding:
        board.forget()
        return board.standing(service)

    return look


def hold(pool: Pool, service: ServiceKey, now: datetime, reason: str = WRONG_TOKEN) -> bool:
    return in_transaction(pool, lambda connection: steer.hold(connection, service, reason, 20003, now))


def slow_down(pool: Pool, now: datetime, *names: PaceName) -> list[PaceName]:
    return in_transaction(pool, lambda connection: steer.slow_down(connection, names, now))


def test_a_service_that_nobody_has_steered_stands_as_the_file_says(look):
    assert look(ALERTS) == ServiceStanding(
        sending=True,
        accepting=True,
        state="on",
        reason=None,
        error_code=None,
        segments_per_second=30.0,
        burst=12,
        configured_segments_per_second=30.0,
        factor=1.0,
    )


def test_the_burst_is_a_seconds_worth_unless_the_file_says_otherwise(look):
    assert (look(OFFERS).burst, look(REMINDERS).burst) == (9, 1)


def test_a_paused_service_accepts_and_does_not_send(pool, look, clock):
    steer.pause(pool, ALERTS, clock.now())
    standing = look(ALERTS)
    assert (standing.sending, standing.accepting, standing.state) == (False, True, "paused")
    assert standing.reason == "paused by an operator"


def test_a_pause_concerns_one_service(pool, look, clock):
    steer.pause(pool, ALERTS, clock.now())
    assert look(OFFERS).sending


def test_a_drained_service_sends_and_does_not_accept(pool, look, clock):
    steer.drain(pool, ALERTS, clock.now())
    standing = look(ALERTS)
    assert (standing.sending, standing.accepting, standing.state) == (True, False, "on")


def test_a_held_service_says_why(pool, look, clock):
    assert hold(pool, ALERTS, clock.now())
    standing = look(ALERTS)
    assert (standing.sending, standing.accepting, standing.state) == (False, True, "held")
    assert (standing.reason, standing.error_code) == (WRONG_TOKEN, 20003)


def test_a_hold_is_news_once_and_the_first_reason_stays(pool, look, clock):
    news = [hold(pool, ALERTS, clock.now(), reason) for reason in ("the first", "the second")]
    assert news == [True, False]
    assert look(ALERTS).reason == "the first"


def test_a_hold_that_is_rolled_back_never_was(pool, look, clock):
    with pool.connection() as connection, connection.transaction(force_rollback=True):
        assert steer.hold(connection, ALERTS, WRONG_TOKEN, 20003, clock.now())
    assert look(ALERTS).sending


def test_a_paused_service_is_not_held_and_a_held_one_not_paused(pool, look, clock):
    steer.pause(pool, ALERTS, clock.now())
    assert not hold(pool, ALERTS, clock.now())
    hold(pool, OFFERS, clock.now())
    steer.pause(pool, OFFERS, clock.now())
    assert (look(ALERTS).state, look(OFFERS).state, look(OFFERS).reason) == ("paused", "held", WRONG_TOKEN)


@pytest.mark.parametrize("stop", [steer.pause, steer.drain, hold])
def test_resume_ends_whatever_stopped_it(pool, look, clock, stop):
    now = clock.now()
    stop(pool, ALERTS, now)
    steer.resume(pool, ALERTS, now)
    standing = look(ALERTS)
    assert (standing.sending, standing.accepting, standing.state) == (True, True, "on")
    assert (standing.reason, standing.error_code) == (None, None)


def test_a_service_can_be_stopped_again_after_it_was_resumed(pool, look, clock):
    for _ in range(2):
        assert hold(pool, ALERTS, clock.now())
        steer.resume(pool, ALERTS, clock.now())
    steer.pause(pool, ALERTS, clock.now())
    assert look(ALERTS).state == "paused"


def test_resuming_what_nobody_stopped_changes_nothing(pool, look, clock):
    steer.resume(pool, ALERTS, clock.now())
    assert look(ALERTS).state == "on"


def test_a_rate_takes_the_place_of_the_files(pool, look, clock):
    steer.set_rate(pool, ALERTS, 5.0, 3, clock.now())
    standing = look(ALERTS)
    assert (standing.segments_per_second, standing.configured_segments_per_second, standing.burst) == (5.0, 5.0, 3)


def test_a_burst_that_nobody_has_named_follows_the_rate(pool, look, clock):
    steer.set_rate(pool, OFFERS, 50.0, None, clock.now())
    steer.set_rate(pool, ALERTS, 50.0, None, clock.now())
    assert (look(OFFERS).burst, look(ALERTS).burst) == (50, 12)


def test_none_goes_back_to_the_file(pool, look, clock):
    steer.set_rate(pool, ALERTS, 5.0, 3, clock.now())
    steer.set_rate(pool, ALERTS, None, None, clock.now())
    assert (look(ALERTS).segments_per_second, look(ALERTS).burst) == (30.0, 12)


def test_a_rate_outlives_a_pause(pool, look, clock):
    steer.set_rate(pool, ALERTS, 5.0, None, clock.now())
    steer.pause(pool, ALERTS, clock.now())
    steer.resume(pool, ALERTS, clock.now())
    assert look(ALERTS).segments_per_second == 5.0


@pytest.mark.parametrize(
    ("rate", "burst", "field"),
    [
        (0.0, None, "segments_per_second"),
        (10_001.0, None, "segments_per_second"),
        (float("nan"), None, "segments_per_second"),
        (5.0, 0, "burst"),
        (None, 10_001, "burst"),
    ],
)
def test_a_rate_out_of_range_is_refused_and_changes_nothing(pool, look, clock, rate, burst, field):
    with pytest.raises(InvalidInput, match=f"^{field}: is out of range"):
        steer.set_rate(pool, ALERTS, rate, burst, clock.now())
    assert look(ALERTS).segments_per_second == 30.0


def test_a_pace_that_falls_lowers_the_rate_and_comes_back_by_itself(pool, look, clock):
    slow_down(pool, clock.now(), pace_of_service(ALERTS))
    assert (look(ALERTS).segments_per_second, look(ALERTS).factor) == (15.0, 0.5)
    assert look(ALERTS).configured_segments_per_second == 30.0
    clock.advance(1_000)
    assert look(ALERTS).segments_per_second == 30.0


def test_a_rate_comes_back_between_two_readings(pool, board, clock):
    slow_down(pool, clock.now(), pace_of_service(ALERTS))
    before = board.standing(ALERTS).segments_per_second
    clock.advance(100)
    assert board.standing(ALERTS).segments_per_second > before


def test_a_pace_applies_to_a_rate_that_an_operator_has_set(pool, look, clock):
    slow_down(pool, clock.now(), pace_of_service(ALERTS))
    steer.set_rate(pool, ALERTS, 8.0, None, clock.now())
    assert look(ALERTS).segments_per_second == 4.0


def test_the_pace_of_an_account_lowers_each_of_its_services_and_no_others(pool, look, clock):
    slow_down(pool, clock.now(), pace_of_account(TenantKey("default")))
    assert [look(service).factor for service in (ALERTS, OFFERS, REMINDERS)] == [0.5, 0.5, 1.0]


def test_the_paces_of_service_and_account_multiply(pool, look, clock):
    names = [pace_of_account(TenantKey("default")), pace_of_service(ALERTS)]
    assert sorted(slow_down(pool, clock.now(), *names)) == names
    assert (look(ALERTS).factor, look(OFFERS).factor) == (0.25, 0.5)


def test_complaints_that_come_together_lower_a_pace_once(pool, look, clock):
    name = pace_of_service(ALERTS)
    assert [slow_down(pool, clock.now(), name) for _ in range(3)] == [[name], [], []]
    assert look(ALERTS).factor == 0.5


def test_of_several_paces_only_those_fall_that_are_not_cooling_down(pool, clock):
    slow_down(pool, clock.now(), pace_of_service(ALERTS))
    both = [pace_of_service(ALERTS), pace_of_service(OFFERS)]
    assert slow_down(pool, clock.now(), *both) == [pace_of_service(OFFERS)]


def test_a_rate_never_falls_below_the_least_that_a_bucket_knows(pool, look, clock):
    for _ in range(10):
        slow_down(pool, clock.now(), pace_of_service(REMINDERS))
        clock.advance(3)
    assert look(REMINDERS).factor == pytest.approx(FLOOR)
    assert look(REMINDERS).segments_per_second == 0.001


def test_two_who_complain_at_the_same_moment_lower_a_new_pace_once(pool, look, clock):
    name = pace_of_service(ALERTS)
    with pool.connection() as first, pool.connection() as second:
        with first.transaction():
            assert steer.slow_down(first, [name], clock.now()) == [name]
            second.execute("set lock_timeout = 50")
            with pytest.raises(psycopg.errors.LockNotAvailable):
                steer.slow_down(second, [name], clock.now())
        assert steer.slow_down(second, [name], clock.now()) == []
    assert look(ALERTS).factor == 0.5


def test_refusals_on_many_threads_lower_a_pace_once(pool, look, clock):
    name = pace_of_service(ALERTS)
    with ThreadPoolExecutor(8) as threads:
        fallen = [threads.submit(slow_down, pool, clock.now(), name) for _ in range(24)]
    assert sorted(len(one.result()) for one in fallen) == [0] * 23 + [1]
    assert look(ALERTS).factor == 0.5


def test_many_threads_share_one_reading(pool, board):
    with ThreadPoolExecutor(8) as threads:
        standings = list(threads.map(board.standing, [ALERTS] * 64))
    assert {standing.state for standing in standings} == {"on"}
    assert pool.get_stats()["requests_num"] == 1


def test_a_board_reads_no_more_often_than_twice_a_second(pool, board, clock, hands):
    board.standing(ALERTS)
    steer.pause(pool, ALERTS, clock.now())
    hands.seconds += BOARD_SECONDS - 0.001
    assert board.standing(ALERTS).sending
    hands.seconds += 0.001
    assert not board.standing(ALERTS).sending


def test_a_board_that_was_told_to_forget_reads_anew(pool, board, clock):
    board.standing(ALERTS)
    steer.pause(pool, ALERTS, clock.now())
    board.forget()
    assert not board.standing(ALERTS).sending


def test_while_postgres_is_away_the_last_known_standing_holds(pool, board, clock, hands):
    steer.pause(pool, ALERTS, clock.now())
    board.standing(ALERTS)
    pool.close()
    hands.seconds += 3_600
    assert board.standing(ALERTS).state == "paused"
    board.forget()
    assert board.standing(ALERTS).state == "paused"


def test_a_board_that_never_read_anything_says_so(pool, board):
    pool.close()
    with pytest.raises(UNREACHABLE):
        board.standing(ALERTS)


def test_a_service_that_is_not_configured_has_no_standing(board):
    with pytest.raises(InvalidInput, match="service: is unknown; use one of: alerts, default, offers, reminders"):
        board.standing(ServiceKey("alertz"))
