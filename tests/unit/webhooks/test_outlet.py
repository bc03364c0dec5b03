"""The outlet: groups form while a publish is under way, and every request learns what became of its own report."""

import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, Queue

import pytest

from webhooks.outlet import Outlet, Report

PATIENCE_SECONDS = 30
LARGEST_GROUP = 100


class BrokerAwayError(Exception):
    pass


class HeldBroker:
    """Holds every publish until the test lets it go, one way or the other."""

    def __init__(self) -> None:
        self.taken: list[list[int]] = []
        self._begun: Queue[list[int]] = Queue()
        self._verdicts: Queue[BaseException | None] = Queue()

    def publish(self, reports: Sequence[Report]) -> None:
        group = [report["number"] for report in reports]
        self._begun.put(group)
        verdict = self._verdicts.get(timeout=PATIENCE_SECONDS)
        if verdict is not None:
            raise verdict
        self.taken.append(group)

    def next_group(self) -> list[int]:
        """Wait until a publish has begun, and tell what is in it."""
        return self._begun.get(timeout=PATIENCE_SECONDS)

    def has_begun(self) -> bool:
        try:
            self._begun.get_nowait()
        except Empty:
            return False
        return True

    def let_go(self, verdict: BaseException | None = None) -> None:
        self._verdicts.put(verdict)


class Requests:
    """Requests on threads of their own; each stands in line before the next one comes."""

    def __init__(self, outlet: Outlet, broker: HeldBroker, threads: ThreadPoolExecutor) -> None:
        self._outlet = outlet
        self._broker = broker
        self._threads = threads

    def first(self, number: int) -> Future[None]:
        """A request that finds nobody there, and whose publish has begun."""
        request = self._threads.submit(self._outlet.submit, {"number": number})
        assert self._broker.next_group() == [number]
        return request

    def completing(self, number: int) -> Future[None]:
        """A request that need not wait, since with it the crowd is complete."""
        return self._threads.submit(self._outlet.submit, {"number": number})

    def come(self, numbers: Sequence[int]) -> list[Future[None]]:
        """Requests that come while a publish is under way."""
        return [self._come(number) for number in numbers]

    def _come(self, number: int) -> Future[None]:
        line = len(self._outlet._waiting) + 1
        request = self._threads.submit(self._outlet.submit, {"number": number})
        for _ in range(PATIENCE_SECONDS * 1_000):
            if len(self._outlet._waiting) == line:
                return request
            threading.Event().wait(0.001)
        pytest.fail("the request never stood in line")


@pytest.fixture
def broker() -> HeldBroker:
    return HeldBroker()


@pytest.fixture
def requests(broker: HeldBroker) -> Iterator[Requests]:
    with ThreadPoolExecutor(2 * LARGEST_GROUP) as threads:
        yield Requests(Outlet(broker.publish, gathering_seconds=0.0), broker, threads)


@pytest.fixture
def patient_requests(broker: HeldBroker) -> Iterator[Requests]:
    """Requests at an outlet that gathers until three have come."""
    with ThreadPoolExecutor(10) as threads:
        yield Requests(Outlet(broker.publish, gathering_seconds=PATIENCE_SECONDS, crowd=3), broker, threads)


def done(requests: Sequence[Future[None]]) -> list[type[BaseException] | None]:
    """Wait for requests to return, and tell what each raised."""
    errors = [request.exception(PATIENCE_SECONDS) for request in requests]
    return [None if error is None else type(error) for error in errors]


def test_a_lone_request_waits_for_nobody() -> None:
    published: list[Report] = []
    Outlet(published.extend).submit({"number": 1})
    assert published == [{"number": 1}]


def test_a_lone_request_learns_of_its_failure() -> None:
    def publish(reports: Sequence[Report]) -> None:
        raise BrokerAwayError

    with pytest.raises(BrokerAwayError):
        Outlet(publish).submit({"number": 1})


def test_a_request_does_not_return_before_its_report_is_published(broker: HeldBroker, requests: Requests) -> None:
    request = requests.first(1)
    assert not request.done()
    broker.let_go()
    assert done([request]) == [None]
    assert broker.taken == [[1]]


def test_those_who_come_meanwhile_go_together_in_the_order_of_their_coming(
    broker: HeldBroker, requests: Requests
) -> None:
    first = requests.first(1)
    others = requests.come([2, 3, 4])
    broker.let_go()
    assert broker.next_group() == [2, 3, 4]
    assert done([first]) == [None]
    assert not any(request.done() for request in others)
    broker.let_go()
    assert done(others) == [None, None, None]


def test_only_one_publish_is_under_way_at_a_time(broker: HeldBroker, requests: Requests) -> None:
    first = requests.first(1)
    others = requests.come([2, 3])
    assert not broker.has_begun()
    for _ in range(2):
        broker.let_go()
    assert done([first, *others]) == [None, None, None]


def test_the_turn_is_handed_on_as_long_as_somebody_waits(broker: HeldBroker, requests: Requests) -> None:
    everybody = [requests.first(1)]
    for number in (2, 3, 4):
        everybody += requests.come([number])
        broker.let_go()
        assert broker.next_group() == [number]
    broker.let_go()
    assert done(everybody) == [None] * 4
    assert broker.taken == [[1], [2], [3], [4]]


def test_the_next_request_after_a_quiet_time_goes_at_once_again(broker: HeldBroker, requests: Requests) -> None:
    for number in (1, 2):
        request = requests.first(number)
        broker.let_go()
        assert done([request]) == [None]


def test_an_error_reaches_exactly_the_requests_of_its_group(broker: HeldBroker, requests: Requests) -> None:
    first = requests.first(1)
    second_group = requests.come([2, 3])
    broker.let_go()
    broker.next_group()
    third_group = requests.come([4, 5])
    broker.let_go(BrokerAwayError())
    assert broker.next_group() == [4, 5]
    broker.let_go()
    assert done([first]) == [None]
    assert done(second_group) == [BrokerAwayError, BrokerAwayError]
    assert done(third_group) == [None, None]
    assert broker.taken == [[1], [4, 5]]


def test_a_failed_first_publish_leaves_nobody_hanging(broker: HeldBroker, requests: Requests) -> None:
    first = requests.first(1)
    others = requests.come([2, 3])
    for _ in range(2):
        broker.let_go(BrokerAwayError())
    assert done([first, *others]) == [BrokerAwayError] * 3


def test_even_an_error_that_is_no_exception_leaves_nobody_hanging(broker: HeldBroker, requests: Requests) -> None:
    first = requests.first(1)
    others = requests.come([2])
    broker.let_go(SystemExit())
    broker.let_go()
    assert done([first, *others]) == [SystemExit, None]


def test_a_group_is_at_most_a_hundred_and_the_rest_is_the_next_one(broker: HeldBroker, requests: Requests) -> None:
    first = requests.first(0)
    others = requests.come(range(1, LARGEST_GROUP + 6))
    broker.let_go()
    assert broker.next_group() == list(range(1, LARGEST_GROUP + 1))
    broker.let_go()
    assert broker.next_group() == list(range(LARGEST_GROUP + 1, LARGEST_GROUP + 6))
    broker.let_go()
    assert set(done([first, *others])) == {None}


def test_soon_after_a_publish_those_who_come_wait_for_each_other(
    broker: HeldBroker, patient_requests: Requests
) -> None:
    first = patient_requests.first(1)
    broker.let_go()
    assert done([first]) == [None]
    others = patient_requests.come([2, 3])
    assert not broker.has_begun()
    others.append(patient_requests.completing(4))
    assert broker.next_group() == [2, 3, 4]
    broker.let_go()
    assert done(others) == [None, None, None]


def test_a_crowd_that_came_during_a_publish_goes_at_once(broker: HeldBroker, patient_requests: Requests) -> None:
    first = patient_requests.first(1)
    others = patient_requests.come([2, 3, 4])
    broker.let_go()
    assert broker.next_group() == [2, 3, 4]
    broker.let_go()
    assert done([first, *others]) == [None] * 4


def test_after_a_crowd_has_gone_the_next_ones_gather_again(broker: HeldBroker, patient_requests: Requests) -> None:
    first = patient_requests.first(1)
    crowd = patient_requests.come([2, 3, 4])
    broker.let_go()
    broker.next_group()
    broker.let_go()
    assert done([first, *crowd]) == [None] * 4
    late = patient_requests.come([5, 6])
    assert not broker.has_begun()
    late.append(patient_requests.completing(7))
    assert broker.next_group() == [5, 6, 7]
    broker.let_go()
    assert done(late) == [None] * 3


def test_the_wait_for_others_has_an_end() -> None:
    published: list[Report] = []
    outlet = Outlet(published.extend, gathering_seconds=0.01, crowd=100)
    for number in (1, 2, 3):
        outlet.submit({"number": number})
    assert [report["number"] for report in published] == [1, 2, 3]


def test_under_a_crowd_every_report_is_published_exactly_once_and_every_request_returns() -> None:
    published: list[int] = []

    def publish(reports: Sequence[Report]) -> None:
        numbers = [report["number"] for report in reports]
        if any(number % 97 == 0 for number in numbers):
            raise BrokerAwayError
        published.extend(numbers)

    outlet = Outlet(publish)
    with ThreadPoolExecutor(16) as threads:
        everybody = [threads.submit(outlet.submit, {"number": number}) for number in range(2_000)]
        errors = done(everybody)
    returned_well = [number for number, error in enumerate(errors) if error is None]
    assert sorted(published) == returned_well
    assert errors.count(None) < len(errors)
