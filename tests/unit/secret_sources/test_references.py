"""References to secrets: taken apart, refused without being repeated, followed once to places on this machine."""

import json
from pathlib import Path

import pytest

from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.secret_sources.reference import Reference, parse_reference
from messaging_pipeline.secret_sources.sources import SecretSources
from tests.support.factories import configuration_file, settings

NOT_A_REFERENCE = "8f14e45fceea167a5a36dedd4bea2543"


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("env:ACME_AUTH_TOKEN", ("env", "ACME_AUTH_TOKEN", None)),
        ("file:/run/secrets/a#b", ("file", "/run/secrets/a#b", None)),
        (
            "vault-file:/vault/secrets/twilio.json#auth_token",
            ("vault-file", "/vault/secrets/twilio.json", "auth_token"),
        ),
        ("aws-sm:prod/twilio", ("aws-sm", "prod/twilio", None)),
        (
            "aws-sm:arn:aws:secretsmanager:eu-west-1:123456789012:secret:t-AbC#token",
            ("aws-sm", "arn:aws:secretsmanager:eu-west-1:123456789012:secret:t-AbC", "token"),
        ),
        ("gcp-sm:projects/p/secrets/s/versions/3", ("gcp-sm", "projects/p/secrets/s/versions/3", None)),
    ],
)
def test_a_reference_says_what_kind_of_place_where_and_under_which_key(
    text: str, parts: tuple[str, str, str | None]
) -> None:
    assert parse_reference(text) == Reference(*parts)


@pytest.mark.parametrize(
    "text",
    [
        NOT_A_REFERENCE,
        "",
        "env:",
        "file: ",
        "vault-file:/vault/x.json",
        "vault-file:/x#",
        "s3:bucket",
        "aws-sm:#k",
        "aws-sm:x#",
    ],
)
def test_what_is_no_reference_is_refused_where_it_stands_and_not_repeated(text: str, tmp_path: Path) -> None:
    config = f'[tenants.acme]\naccount_sid = "{"AC" + "c" * 32}"\nauth_token = "{text}"\n'
    with pytest.raises(InvalidSettings) as refusal:
        load_configuration(settings(MESSAGING_CONFIG=configuration_file(tmp_path, config)))
    assert refusal.value.setting == "MESSAGING_CONFIG tenants.acme.auth_token"
    assert NOT_A_REFERENCE not in str(refusal.value)


def test_a_key_leads_into_the_file_that_a_vault_agent_keeps(tmp_path: Path) -> None:
    file = tmp_path / "twilio.json"
    file.write_text(json.dumps({"auth_token": "t-1", "next": "t-2"}))
    sources = SecretSources({})
    assert [sources.read(f"vault-file:{file}#{key}") for key in ("auth_token", "next")] == ["t-1", "t-2"]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b'{"other": "hidden"}', "has no text under the key 'auth_token'"),
        (b'{"auth_token": {"hidden": 1}}', "has no text under the key"),
        (b'["hidden"]', "is not a JSON object"),
        (b"hidden", "is not a JSON object"),
        (b'{"auth_token": " "}', "holds no secret"),
        (b"\xffhidden", "is not UTF-8"),
        (None, "No such file or directory"),
    ],
)
def test_a_rendered_file_that_does_not_give_the_secret_is_named_and_not_shown(
    tmp_path: Path, content: bytes | None, reason: str
) -> None:
    file = tmp_path / "twilio.json"
    if content is not None:
        file.write_bytes(content)
    reference = f"vault-file:{file}#auth_token"
    with pytest.raises(InvalidSettings) as refusal:
        SecretSources({}).read(reference)
    assert (refusal.value.setting, reason in refusal.value.reason) == (reference, True)
    assert "hidden" not in str(refusal.value)


def test_the_mark_that_windows_puts_before_utf8_is_no_part_of_a_secret(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\xef\xbb\xbfhidden\r\n")
    assert SecretSources({}).read(f"file:{file}") == "hidden"


def test_a_place_is_read_once_so_a_process_keeps_what_it_started_with(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("the first\n")
    read = settings()
    assert read.read_secret(f"file:{file}") == "the first"
    file.write_text("the second\n")
    assert read.read_secret(f"file:{file}") == "the first"
    assert settings().read_secret(f"file:{file}") == "the second"


def test_nothing_of_a_secret_is_in_a_representation() -> None:
    read = settings(ACME_AUTH_TOKEN="hunter2")
    assert read.read_secret("env:ACME_AUTH_TOKEN") == "hunter2"
    assert "hunter2" not in repr(read) + repr(read.secrets) + str(read)
