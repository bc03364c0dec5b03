"""Verifying a signature: rotation, spellings of an address, and every kind of nonsense."""

import hashlib
from collections.abc import Iterator

import pytest
from hypothesis import strategies as st

from messaging_pipeline.twilio_api.signature import sign, verify, verify_body
from tests.support.properties import given

URL = "https://hooks.example.com/twilio/status/0190"
FORM = [("MessageSid", "SM1"), ("MessageStatus", "sent"), ("Empty", "")]
NEW, OLD = "new token", "old token"


class FrameworkForm:
    """A form as Werkzeug and Django hold it."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self._pairs = pairs

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self._pairs))

    def getlist(self, key: str) -> list[str]:
        return [value for name, value in self._pairs if name == key]


def test_while_tokens_rotate_either_is_accepted_and_the_one_that_matched_is_named() -> None:
    assert verify(URL, FORM, sign(URL, FORM, NEW), [NEW, OLD]) == 0
    assert verify(URL, FORM, sign(URL, FORM, OLD), [NEW, OLD]) == 1
    assert verify(URL, FORM, sign(URL, FORM, "third"), [NEW, OLD]) is None


def test_an_empty_token_verifies_nothing() -> None:
    assert verify(URL, FORM, sign(URL, FORM, ""), ["", NEW]) is None


def test_the_comparison_that_takes_equally_long_decides_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    good = sign(URL, FORM, NEW)
    assert verify(URL, FORM, good, [NEW]) == 0
    monkeypatch.setattr("hmac.compare_digest", lambda one, other: False)
    assert verify(URL, FORM, good, [NEW]) is None


def test_a_form_may_come_as_pairs_as_a_mapping_or_as_a_frameworks_own() -> None:
    signature = sign(URL, FORM, NEW)
    assert verify(URL, dict(FORM), signature, [NEW]) == 0
    assert verify(URL, FrameworkForm(FORM), signature, [NEW]) == 0
    assert verify(URL, iter(FORM), signature, [NEW]) == 0


def test_a_repeated_key_counts_with_all_its_values() -> None:
    twice = [("MediaUrl", "b"), ("MediaUrl", "a")]
    signature = sign(URL, twice, NEW)
    assert verify(URL, FrameworkForm(twice), signature, [NEW]) == 0
    assert verify(URL, [("MediaUrl", "a")], signature, [NEW]) is None


@pytest.mark.parametrize(
    ("configured", "signed"),
    [
        ("https://h.example/x?a=b", "https://h.example:443/x?a=b"),
        ("http://h.example/x", "http://h.example:80/x"),
        ("https://h.example:8443/x", "https://h.example/x"),
        ("https://h.example:8443/x", "https://h.example:8443/x"),
        ("https://user:secret@h.example/x", "https://h.example/x"),
        ("https://user:secret@h.example:8443/x", "https://user:secret@h.example/x"),
        ("https://[2001:db8::1]:8443/x", "https://[2001:db8::1]/x"),
        ("https://[2001:db8::1]/x", "https://[2001:db8::1]:443/x"),
        ("https://h.example", "https://h.example:443"),
        ("https://h.example?a=b", "https://h.example:443?a=b"),
        ("https://h.example/x#rc=5&rp=all", "https://h.example/x"),
        ("https://h.example/x?", "https://h.example:443/x?"),
        ("https://h.example/a%3Ab/%7Ec?d=%2F", "https://h.example/a%3Ab/%7Ec?d=%2F"),
    ],
)
def test_twilio_may_have_spelt_the_address_another_way(configured: str, signed: str) -> None:
    assert verify(configured, FORM, sign(signed, FORM, NEW), [NEW]) == 0


@pytest.mark.parametrize(
    "other",
    [
        "https://h.example/X",
        "https://h.example/x/",
        "https://h.example/x?",
        "http://h.example/x",
        "https://h.example.evil/x",
    ],
)
def test_another_address_is_another_address(other: str) -> None:
    assert verify("https://h.example/x", FORM, sign(other, FORM, NEW), [NEW]) is None


def test_our_own_signature_leaves_the_fragment_out() -> None:
    assert sign(f"{URL}#rc=5", FORM, NEW) == sign(URL, FORM, NEW)


@pytest.mark.parametrize("settings", ["key=k,algorithm=HMAC_MD5", "algorithm=none"])
def test_an_algorithm_that_nobody_knows_verifies_nothing(settings: str) -> None:
    assert verify(URL, FORM, sign(URL, FORM, NEW), [NEW], settings) is None


@pytest.mark.parametrize("settings", [None, "", "key=k", "algorithm=", "algorithm=hmac_sha1"])
def test_without_a_named_algorithm_the_old_one_is_meant(settings: str | None) -> None:
    assert verify(URL, FORM, sign(URL, FORM, NEW), [NEW], settings) == 0


@pytest.mark.parametrize("signature", [None, "", "x", "é" * 28, "\ud83d", "=" * 10_000, 7, b"bytes"])
def test_no_signature_makes_it_raise(signature: object) -> None:
    assert verify(URL, FORM, signature, [NEW]) is None  # type: ignore[arg-type]
    assert verify_body(URL, b"{}", signature, [NEW]) is None  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "form",
    [None, 7, "text", b"bytes", [("a",)], [("a", 1)], [(1, "a")], {"a": None}, {"a": ["b"]}, [("a", "\ud83d")]],
)
def test_no_form_makes_it_raise(form: object) -> None:
    assert verify(URL, form, sign(URL, FORM, NEW), [NEW]) is None  # type: ignore[arg-type]


@pytest.mark.parametrize("url", ["", "x", "://", "https://[::1", "https://h:port/x", "https://h:99999/\ud83d", None])
def test_no_address_makes_it_raise(url: str) -> None:
    assert verify(url, FORM, sign(URL, FORM, NEW), [NEW]) is None
    assert verify_body(url, b"{}", sign(URL, FORM, NEW), [NEW]) is None


@given(st.text(), st.lists(st.tuples(st.text(), st.text())), st.text(min_size=1))
def test_whatever_was_signed_verifies_and_under_its_own_token_only(
    path: str, form: list[tuple[str, str]], token: str
) -> None:
    url = f"https://h.example/{path}"
    signature = sign(url, form, token)
    assert verify(url, form, signature, ["another one", token]) == (0 if token == "another one" else 1)
    assert verify(url, form, signature, [token + "!"]) is None


def a_body_url(raw_body: bytes) -> str:
    return f"https://hooks.example.com/events?bodySHA256={hashlib.sha256(raw_body).hexdigest()}"


def test_a_body_that_is_no_form_is_proven_by_its_hash_in_the_signed_query() -> None:
    raw_body = b'{"a": "\xff not even text"}'
    url = a_body_url(raw_body)
    signature = sign(url, (), OLD)
    assert verify_body(url, raw_body, signature, [NEW, OLD]) == 1
    assert verify_body(url, raw_body + b" ", signature, [NEW, OLD]) is None


def test_a_body_whose_hash_was_replaced_along_with_it_is_not_proven() -> None:
    signature = sign(a_body_url(b"true"), (), NEW)
    assert verify_body(a_body_url(b"forged"), b"forged", signature, [NEW]) is None


def test_a_body_without_hash_is_not_proven_even_under_a_good_signature() -> None:
    assert verify_body(URL, b"{}", sign(URL, (), NEW), [NEW]) is None


@pytest.mark.parametrize("raw_body", [None, "text", 7])
def test_no_body_makes_it_raise(raw_body: bytes) -> None:
    assert verify_body(URL, raw_body, sign(URL, (), NEW), [NEW]) is None
