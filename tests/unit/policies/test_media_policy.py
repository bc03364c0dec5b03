"""Buckets as messaging.toml declares them: whose they are, how long signatures live, and who signs."""

from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest

from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.media.s3 import media_addresses
from messaging_pipeline.media.signing import CannotSign
from messaging_pipeline.messages.media_urls import expiry_of
from messaging_pipeline.policies.media import MediaPolicy
from tests.plugins.runtimes import TWO_TENANTS
from tests.support.factories import configuration_file, settings

AMAZON = """
[media.s3]
region = "eu-central-1"
buckets = { default = ["media", "shared/ours/"], acme = ["shared/acme/"] }
"""
KEYS = {"env:ID": "AKIDEXAMPLE", "env:KEY": "key"}
OURS = '\naccess_key_id = "env:ID"\nsecret_access_key = "env:KEY"\n'


@pytest.fixture
def load(tmp_path: Path) -> Any:
    def load(text: str) -> Configuration:
        return load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, text + TWO_TENANTS)))

    return load


@pytest.mark.parametrize(
    ("old", "new", "field", "word"),
    [
        ('region = "eu-central-1"', "", "media.s3.region", "required"),
        ("[media.s3]", "[media.s3]\nlifetime_seconds = 7199", "media.s3.lifetime_seconds", "7200"),
        ("[media.s3]", "[media.s3]\nlink_lifetime_seconds = 604801", "media.s3.link_lifetime_seconds", "604800"),
        ("[media.s3]", '[media.s3]\nendpoint_url = "ftp://x"', "media.s3.endpoint_url", "address of an S3 service"),
        ("[media.s3]", '[media.s3]\nendpoint_url = "https://a:b@x"', "media.s3.endpoint_url", "address of an S3"),
        ("[media.s3]", '[media.s3]\naccess_key_id = "env:ID"', "media.s3", "half a key"),
        ("[media.s3]", '[media.s3]\naccess_key_id = "AKIDEXAMPLE"', "media.s3.access_key_id", "where the secret is"),
        ("shared/acme/", "shared/acme", "media.s3.buckets.acme.0", "ends with a slash"),
        ("shared/acme/", "my.media/acme/", "media.s3", "a bucket with a dot"),
        ("shared/acme/", "media/acme/", "media.s3", "what another one may read"),
        ("shared/ours/", "shared/acme/", "media.s3", "what another one may read"),
        ("acme = ", "evil = ", "media.s3.buckets.evil", "no tenant 'evil'"),
        ("[media.s3]", "[media.s3]\nbucket = 1", "media.s3.bucket", "not a known name"),
    ],
)
def test_a_wrong_declaration_is_named(load: Any, old: str, new: str, field: str, word: str) -> None:
    with pytest.raises(InvalidSettings, match=word) as refusal:
        load(AMAZON.replace(old, new))
    assert refusal.value.setting == f"MESSAGING_CONFIG {field}"
    assert "AKIDEXAMPLE" not in str(refusal.value)


@pytest.mark.parametrize(
    ("tenant", "url", "permitted"),
    [
        ("default", "s3://media/menu.png", True),
        ("default", "s3://shared/ours/menu.png", True),
        ("acme", "s3://shared/acme/menu.png", True),
        ("acme", "s3://shared/ours/menu.png", False),
        ("acme", "s3://shared/acmes.png", False),
        ("acme", "s3://media/menu.png", False),
        ("default", "s3://medias/menu.png", False),
        ("default", "s3://shared/acme/menu.png", False),
    ],
)
def test_a_tenant_takes_only_from_its_own_buckets_and_folders(
    load: Any, tenant: str, url: str, permitted: bool
) -> None:
    policy = load(AMAZON).media
    refused = None if permitted else pytest.raises(InvalidInput, match="no bucket of this tenant's")
    with refused or nullcontext():
        policy.check([url], tenant, allow_http=False)


def test_without_a_declaration_an_object_is_refused_where_it_is_handed_over() -> None:
    with pytest.raises(InvalidInput, match=r"media_urls.1: is in a bucket, and messaging.toml has no \[media.s3\]"):
        MediaPolicy().check(["https://example.com/a.png", "s3://media/menu.png"], "default", allow_http=True)


def test_amazons_own_are_signed_for_the_host_of_their_region_and_for_as_long_as_said(load: Any) -> None:
    addresses = media_addresses(load(AMAZON.replace("buckets", OURS + "buckets")).media, KEYS.__getitem__)
    (fetched,) = addresses.to_fetch("default", ["s3://media/menu.png"])
    (opened,) = addresses.to_open("default", ["s3://media/menu.png"])
    assert fetched.startswith("https://media.s3.eu-central-1.amazonaws.com/menu.png?")
    assert ("X-Amz-Expires=14400" in fetched, "X-Amz-Expires=604800" in opened) == (True, True)
    assert expiry_of(fetched) is not None
    assert addresses.to_fetch("default", ["https://example.com/a.png"]) == ["https://example.com/a.png"]


def test_what_the_file_has_taken_from_a_tenant_is_not_signed_any_more(load: Any) -> None:
    addresses = media_addresses(load(AMAZON.replace("buckets", OURS + "buckets")).media, KEYS.__getitem__)
    with pytest.raises(CannotSign, match=r"media.s3.buckets"):
        addresses.to_fetch("acme", ["s3://media/menu.png"])


def test_keys_that_end_by_themselves_stop_the_process_at_its_start(load: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("ACCESS_KEY_ID", "id"), ("SECRET_ACCESS_KEY", "key"), ("SESSION_TOKEN", "of-a-role")):
        monkeypatch.setenv(f"AWS_{name}", value)
    with pytest.raises(InvalidSettings, match="a role's keys"):
        media_addresses(load(AMAZON).media, KEYS.__getitem__)
    monkeypatch.delenv("AWS_SESSION_TOKEN")
    assert media_addresses(load(AMAZON).media, KEYS.__getitem__).to_fetch("default", ["s3://media/menu.png"])


def test_without_any_keys_the_process_does_not_start(
    load: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    with pytest.raises(InvalidSettings, match="no keys to sign with"):
        media_addresses(load(AMAZON).media, KEYS.__getitem__)
