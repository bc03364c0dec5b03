"""Sealing: with the newest key, opened by any, recognised by its fingerprint."""

import pytest
from cryptography.fernet import Fernet

from messaging_pipeline.sealing import CannotUnseal, Sealer

OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


def test_what_was_sealed_can_be_opened() -> None:
    value = {"body": "Grüße 🎉", "media_urls": ["https://example.com/a"]}
    assert Sealer([NEW]).unseal(Sealer([NEW]).seal(value)) == value


def test_a_sealed_value_shows_nothing_of_itself() -> None:
    assert b"secret" not in Sealer([NEW]).seal({"body": "a secret"})


def test_after_a_rotation_old_values_still_open_and_new_ones_need_the_new_key() -> None:
    rotated = Sealer([NEW, OLD])
    assert rotated.unseal(Sealer([OLD]).seal("before")) == "before"
    with pytest.raises(CannotUnseal):
        Sealer([OLD]).unseal(rotated.seal("after"))


def test_an_error_names_the_setting_and_no_key() -> None:
    with pytest.raises(CannotUnseal) as refusal:
        Sealer([OLD]).unseal(Sealer([NEW]).seal("x"))
    assert "MESSAGING_ENCRYPTION_KEYS" in str(refusal.value)
    assert OLD not in str(refusal.value)


def test_a_fingerprint_recognises_equal_values_under_any_of_the_keys() -> None:
    mark = Sealer([OLD]).fingerprint({"to": "a", "body": "b"})
    assert Sealer([NEW, OLD]).recognises(mark, {"body": "b", "to": "a"})
    assert not Sealer([NEW, OLD]).recognises(mark, {"body": "c", "to": "a"})
    assert not Sealer([NEW]).recognises(mark, {"to": "a", "body": "b"})
