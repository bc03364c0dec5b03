"""Whatever form a text comes in, what a message says and whom it goes to does not come out of the mask."""

import json
from collections.abc import Callable
from urllib.parse import parse_qs, quote, urlencode

import pytest
from hypothesis import strategies as st

from messaging_pipeline.masking import MASK, mask
from tests.support.properties import given

MARK = "SECRET"

texts = st.text(st.characters(codec="utf-8"), max_size=12)
sayings = st.tuples(texts, texts).map(lambda around: around[0] + MARK + around[1])
wrappings = st.lists(st.sampled_from([json.dumps, repr, lambda one: json.dumps(one, ensure_ascii=False)]), max_size=3)
telling_names = st.sampled_from(["body", "Body", "media_urls", "MediaUrl0", "subject"])
number_names = st.sampled_from(["to", "To", "From", "from_", "to_number", "recipient", "Caller"])
national = st.lists(st.integers(0, 9).map(str), min_size=7, max_size=12)


def as_json(name: str, value: object) -> str:
    return json.dumps({"a": 1, name: value, "z": "kept"})


def as_python(name: str, value: object) -> str:
    return repr({"a": 1, name: value, "z": "kept"})


def as_pairs(name: str, value: object) -> str:
    return json.dumps([["a", "1"], [name, value], ["z", "kept"]])


def as_arguments(name: str, value: object) -> str:
    return f"Thing(a=1, {name}={value!r}, z='kept')"


as_a_form = st.sampled_from([as_json, as_python, as_pairs, as_arguments])
Form = Callable[[str, object], str]


@given(telling_names, sayings, as_a_form, wrappings)
def test_a_text_is_hidden_however_often_it_was_written_down(
    name: str, saying: str, form: Form, wrapped: list[Callable[[str], str]]
) -> None:
    line = form(name, saying)
    for wrap in wrapped:
        line = wrap(line)
    assert MARK not in mask(line)


@given(telling_names, st.lists(sayings, min_size=1, max_size=4), as_a_form)
def test_every_text_of_a_list_is_hidden(name: str, sayings: list[str], form: Form) -> None:
    assert MARK not in mask(form(name, sayings))


@given(telling_names, sayings)
def test_a_text_in_a_form_or_an_address_is_hidden(name: str, saying: str) -> None:
    form = urlencode({"A": "1", name: saying, "Z": "kept"})
    shown = mask(f"POST /twilio/inbound?{form}")
    assert MARK not in shown
    assert shown.endswith("&Z=kept")
    assert MARK not in mask(str(parse_qs(form)))


@given(telling_names, sayings, as_a_form, st.integers(1, 60))
def test_a_text_is_hidden_in_a_line_that_was_cut_off(name: str, saying: str, form: Form, length: int) -> None:
    line = form(name, saying + "x" * 60)
    end = line.index(MARK) + len(MARK)
    assert MARK not in mask(line[: end + length])


@given(number_names, national, as_a_form, st.sampled_from(["", " ", "-", ".", " (", ") "]))
def test_a_number_in_any_form_is_hidden_in_the_fields_that_hold_numbers(
    name: str, digits: list[str], form: Form, between: str
) -> None:
    number = "".join(digits[:3]) + between + "".join(digits[3:])
    assert number not in mask(form(name, number))
    assert "".join(digits[3:]) not in mask(form(name, number))


@given(number_names, national)
def test_a_number_in_a_form_is_hidden(name: str, digits: list[str]) -> None:
    number = f"({''.join(digits[:3])}) {''.join(digits[3:])}"
    for value in (number, quote(number), "".join(digits)):
        assert "".join(digits[3:]) not in mask(f"A=1&{name}={value}&Z=kept")


@given(st.text(max_size=200))
def test_a_mask_changes_nothing_that_is_masked_already(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ('{"body": "say \\"hi\\"", "to": "(415) 555-0123", "n": 3}', f'{{"body": "{MASK}", "to": "{MASK}", "n": 3}}'),
        ("Body=hello+there&To=4155550123&X=1", f"Body={MASK}&To={MASK}&X=1"),
        ("body='it's so'", f"body='{MASK}'"),
        ('"to": 4155550123}', f'"to": {MASK}}}'),
        ("+1 (415) 555-0123 called", f"+1{MASK} called"),
        ("body=None, service='alerts'", "body=None, service='alerts'"),
        ("to='default', from=127.0.0.1", "to='default', from=127.0.0.1"),
        ("rejected: body: has more than 1600 characters", "rejected: body: has more than 1600 characters"),
        ("accepts to, from_, body and tags", "accepts to, from_, body and tags"),
        ("25/Nov/2026:20:00:00 +0000 200 12", "25/Nov/2026:20:00:00 +0000 200 12"),
        ("somebody='kept'", "somebody='kept'"),
    ],
)
def test_only_what_must_be_is_hidden(text: str, masked: str) -> None:
    assert mask(text) == masked


def test_a_line_with_very_many_quotes_is_masked_at_once() -> None:
    assert MARK not in mask('"body": "' + '\\"' * 200_000 + MARK + '"')
    assert MARK not in mask('"body": [' + ", ".join([f'"{MARK}"'] * 20_000) + "]")
