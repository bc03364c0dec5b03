"""Chance that can be repeated."""

from messaging_pipeline.simulator.chance import Chance

TRIES = [str(number) for number in range(2000)]


def test_the_same_seed_gives_the_same_answer_to_the_same_question() -> None:
    assert [Chance(7).draw("lost", one) for one in TRIES] == [Chance(7).draw("lost", one) for one in TRIES]


def test_another_seed_or_another_question_gives_another_answer() -> None:
    draws = {Chance(7).draw("lost", "1"), Chance(8).draw("lost", "1"), Chance(7).draw("late", "1")}
    assert len(draws) == 3


def test_the_parts_of_a_question_are_kept_apart() -> None:
    assert Chance(7).draw("ab", "c") != Chance(7).draw("a", "bc")


def test_a_rate_is_how_often_it_happens() -> None:
    happened = sum(Chance(7).happens(0.25, one) for one in TRIES)

    assert 0.2 < happened / len(TRIES) < 0.3


def test_a_rate_of_zero_never_happens_and_a_rate_of_one_always() -> None:
    assert not any(Chance(7).happens(0.0, one) for one in TRIES)
    assert all(Chance(7).happens(1.0, one) for one in TRIES)


def test_values_stay_within_their_bounds() -> None:
    values = [Chance(7).between((2.0, 3.0), one) for one in TRIES]

    assert min(values) >= 2.0
    assert max(values) <= 3.0
    assert max(values) - min(values) > 0.9
