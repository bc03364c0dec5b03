"""The examination as a whole: every check is made, and only what is safe is changed."""

from collections.abc import Iterable, Iterator

import pytest

from messaging_pipeline.doctor.examination import Check, examine
from messaging_pipeline.doctor.finding import Change, Finding, ok, warning
from messaging_pipeline.doctor.patient import Patient, patient
from messaging_pipeline.errors import InvalidSettings, NotFound
from tests.support.factories import settings


@pytest.fixture
def whom() -> Iterator[Patient]:
    with patient(settings()) as it:
        yield it


def found(whom: Patient, *checks: Check, fix: bool = False) -> list[Finding]:
    return list(examine(whom, fix=fix, checks=[(f"check {number}", check) for number, check in enumerate(checks, 1)]))


def breaking(_: Patient) -> Iterable[Finding]:
    raise KeyError("something secret")


def unset(_: Patient) -> Iterable[Finding]:
    yield ok("first", "good")
    raise InvalidSettings("NAME", "is not set", "set it")


def test_a_check_that_breaks_hides_no_other_and_repeats_nothing(whom: Patient) -> None:
    broken, last = found(whom, breaking, lambda _: [ok("a", "good")])
    assert (broken.check, broken.state, "secret" in broken.told) == ("check 1", "error", False)
    assert (last.check, last.state) == ("check 2", "ok")


def test_a_setting_that_is_missing_is_an_answer_beside_what_was_found_before(whom: Patient) -> None:
    first, wrong = found(whom, unset)
    assert (first.about, wrong.about, wrong.told, wrong.cure) == ("first", "NAME", "is not set", "set it")


class Switch:
    def __init__(self, refusal: str | None = None) -> None:
        self.refusal = refusal
        self.calls = 0

    def flip(self) -> str | None:
        self.calls += 1
        return self.refusal

    def check(self, _: Patient) -> Iterable[Finding]:
        return [warning("a", "is off", "switch it on", Change("switches it on", self.flip))]


def test_without_fix_nothing_is_changed_and_it_is_said_what_would_be(whom: Patient) -> None:
    switch = Switch()
    [finding] = found(whom, switch.check)
    assert (finding.state, finding.as_json()["fix"], switch.calls) == ("warning", "switches it on", 0)


def test_with_fix_a_change_is_made_once_and_told(whom: Patient) -> None:
    switch = Switch()
    [finding] = found(whom, switch.check, fix=True)
    assert (finding.state, finding.fixed, "switches it on" in finding.told, switch.calls) == ("ok", True, True, 1)


def test_a_change_that_is_refused_stays_what_it_was(whom: Patient) -> None:
    [finding] = found(whom, Switch("Twilio refuses").check, fix=True)
    assert (finding.state, finding.fixed, "Twilio refuses" in finding.told) == ("warning", False, True)


def test_a_tenant_that_there_is_not_is_refused() -> None:
    with pytest.raises(NotFound), patient(settings(), "nobody"):
        pass
