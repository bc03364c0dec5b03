"""No history of taking, keeping, dying, wiping and changing one's mind lets more at work than there are slots."""

from hypothesis import strategies as st

from messaging_pipeline.pacing.slots import Slots
from tests.support.paced_redis import PacedRedis, fake_redis
from tests.support.properties import given

LEASE_SECONDS = 10.0
HOLDERS = ("a", "b", "c", "d", "e")

holders = st.sampled_from(HOLDERS)
steps = st.one_of(
    st.tuples(st.just("take"), holders, st.integers(1, 3)),
    st.tuples(st.just("keep"), holders),
    st.tuples(st.just("give_back"), holders),
    st.tuples(st.just("wait"), st.sampled_from([0.001, 1.0, 4.0, 9.999, 10.0, 30.0])),
    st.tuples(st.just("wipe")),
)


class Account:
    """Holders that each believe what they were told, until their own lease runs out."""

    def __init__(self, paced: PacedRedis) -> None:
        self._paced = paced
        self._slots = Slots(paced.redis, "acme", 1, LEASE_SECONDS)
        self._until: dict[str, float] = {}

    def at_work(self) -> set[str]:
        return {holder for holder, until in self._until.items() if until > self._now()}

    def take(self, holder: str, capacity: int) -> None:
        before = self.at_work()
        if self._slots.take(holder, capacity):
            assert holder in before or len(before) < capacity
            self._until[holder] = self._now() + LEASE_SECONDS

    def keep(self, holder: str) -> None:
        held = self._slots.keep(holder)
        assert not held or holder in self.at_work()
        self._until[holder] = self._now() + LEASE_SECONDS if held else 0.0

    def give_back(self, holder: str) -> None:
        self._slots.give_back(holder)
        self._until[holder] = 0.0

    def wait(self, seconds: float) -> None:
        self._paced.time.wait(seconds)

    def wipe(self) -> None:
        self._paced.redis.flushdb()

    def _now(self) -> float:
        return self._paced.time.time()


@given(st.lists(steps, max_size=40))
def test_a_slot_is_granted_only_while_fewer_than_the_capacity_are_at_work(history):
    with fake_redis() as paced:
        account = Account(paced)
        for name, *values in [("take", "a", 1), ("wait", LEASE_SECONDS), *history]:
            getattr(account, name)(*values)


@given(st.lists(steps, max_size=30))
def test_after_any_history_slots_are_free_when_the_wait_is_over(history):
    with fake_redis() as paced:
        account = Account(paced)
        for name, *values in history:
            getattr(account, name)(*values)
        slots = Slots(paced.redis, "acme", 1, LEASE_SECONDS)
        paced.time.wait(slots.take("newcomer").wait_seconds)
        assert slots.take("newcomer")
