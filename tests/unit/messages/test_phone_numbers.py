"""Phone numbers and senders: what is forgiven, what is refused, and what people get to see."""

import pytest
from hypothesis import strategies as st

from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.ids import E164
from messaging_pipeline.messages.phone_numbers import country_of, masked, parse_e164, parse_sender
from tests.support.properties import given


@pytest.mark.parametrize(
    "written",
    ["+14155550123", "+1 (415) 555-0123", " +1.415.555.0123 ", "+1\u00a0415 555 0123"],
)
def test_a_number_is_read_however_it_is_punctuated(written: str) -> None:
    assert parse_e164(written, "to") == "+14155550123"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+39 06 1234567", "+39061234567"),
        ("+15005550006", "+15005550006"),
        ("+1 500 555 1042", "+15005551042"),
    ],
)
def test_the_plan_of_the_country_is_respected(written: str, number: str) -> None:
    assert parse_e164(written, "to") == number


@pytest.mark.parametrize(
    "written",
    [
        "4155550123",
        "0014155550123",
        "+1415",
        "+1 5550123",
        "+1415555012345678",
        "+999 1234567",
        "+",
        "",
        "+1415555012x",
        "+31 0000000",
        "+1 415 555 0123 ext. 5",
        "+١٤١٥٥٥٥٠١٢٣",
        "whatsapp:+14155550123",
        "+" + "1" * 5000,
        None,
        14155550123,
        b"+14155550123",
    ],
)
def test_what_is_no_possible_number_is_refused_by_the_name_of_its_field(written: object) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_e164(written, "to")
    assert caught.value.field == "to"
    assert caught.value.remedy


def number_or_complaint(written: str) -> E164 | str:
    try:
        return parse_e164(written, "to")
    except InvalidInput as error:
        return str(error)


@given(st.from_regex(r"\+[0-9]{1,3}[0-9 ().-]{4,20}", fullmatch=True))
def test_what_looks_like_a_number_is_one_or_is_refused_without_being_repeated(written: str) -> None:
    result = number_or_complaint(written)
    if result.startswith("+"):
        assert parse_e164(result, "to") == result
    else:
        assert written.strip() not in result


@given(st.text())
def test_no_text_raises_anything_but_invalid_input(written: str) -> None:
    assert number_or_complaint(written)


@pytest.mark.parametrize(
    ("written", "sender"),
    [
        ("+1 415 555 0123", "+14155550123"),
        ("12345", "12345"),
        (" 654321 ", "654321"),
        ("ACME Shop", "ACME Shop"),
        ("B&B", "B&B"),
        ("4ever", "4ever"),
    ],
)
def test_a_sender_is_a_number_a_short_code_or_an_alphanumeric_id(written: str, sender: str) -> None:
    assert parse_sender(written, "from_") == sender


@pytest.mark.parametrize("written", ["1234", "1234567", "Twelve chars", "ACMÉ", "", " ", "A\nB", "+ACME", None, 12345])
def test_anything_else_is_no_sender(written: object) -> None:
    with pytest.raises(InvalidInput, match=r"^from_: "):
        parse_sender(written, "from_")


@pytest.mark.parametrize(
    ("number", "country"),
    [
        ("+14155550123", "US"),
        ("+16045550123", "CA"),
        ("+18765551234", "JM"),
        ("+442079460958", "GB"),
        ("+819012345678", "JP"),
        ("+15558675310", "US"),
        ("+80012345678", "ZZ"),
    ],
)
def test_a_number_belongs_to_a_country(number: str, country: str) -> None:
    assert country_of(E164(number)) == country


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+14155550123", "+1•••0123"),
        ("+442079460958", "+44•••0958"),
        ("+80012345678", "+800•••5678"),
        ("+2901234567", "+290•••567"),
        ("+29012345", "+290•••"),
        ("12345", "•••"),
        ("ACME", "•••"),
        ("+99912345678", "•••"),
        ("", "•••"),
    ],
)
def test_people_see_the_country_and_the_last_digits_only(number: str, shown: str) -> None:
    assert masked(number) == shown


@given(st.from_regex(r"\+[1-9][0-9]{7,14}", fullmatch=True))
def test_at_least_four_digits_of_a_number_stay_hidden(number: str) -> None:
    shown = sum(character.isdigit() for character in masked(number))
    assert len(number) - 1 - shown >= 4
