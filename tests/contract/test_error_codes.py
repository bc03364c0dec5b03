"""Our error table against the codes that Twilio documents, and the page about it against the table."""

from pathlib import Path

import pytest

from messaging_pipeline.twilio_api.error_table import known_errors
from messaging_pipeline.twilio_api.outcome import Fault
from tests.support import errors_page
from tests.support.twilio_vectors import recorded

DOCUMENTED = {row["code"]: row for row in recorded("error_codes")["rows"]}
FAULT_OF_CLASS = {
    "retryable-later": Fault.TRANSIENT,
    "rate-limited": Fault.THROTTLED,
    "permanent-recipient": Fault.RECIPIENT,
    "permanent-content": Fault.CONTENT,
    "opt-out": Fault.OPTED_OUT,
    "sender-config": Fault.SENDER,
    "account-config": Fault.ACCOUNT,
    "ambiguous": Fault.TRANSIENT,
}


def test_the_table_holds_every_documented_code_and_no_other() -> None:
    assert set(known_errors()) == set(DOCUMENTED)


@pytest.mark.parametrize("code", DOCUMENTED)
def test_a_code_is_classified_as_its_documentation_supports(code: int) -> None:
    row, documented = known_errors()[code], DOCUMENTED[code]
    assert row.code == code
    assert row.when == documented["when"]
    if documented["class"] in FAULT_OF_CLASS:
        assert row.fault is FAULT_OF_CLASS[documented["class"]]


def test_what_is_documented_as_ambiguous_is_in_doubt() -> None:
    ambiguous = {code for code, row in DOCUMENTED.items() if row["class"] == "ambiguous"}
    in_doubt = {row.code for row in known_errors().values() if row.in_doubt}
    assert in_doubt == ambiguous | {20503}


@pytest.mark.parametrize("code", DOCUMENTED)
def test_a_code_is_explained_in_a_sentence_of_its_own(code: int) -> None:
    row = known_errors()[code]
    assert row.name
    assert row.explanation[0].isupper()
    assert row.explanation.endswith(".")
    assert len(row.explanation) < 200


def test_the_table_is_in_ascending_order() -> None:
    assert list(known_errors()) == sorted(known_errors())


def test_the_page_about_errors_shows_the_table_as_it_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == errors_page.render(), "write it anew: python -m tests.support.errors_page"
