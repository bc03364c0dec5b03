"""Secrets kept at Amazon and Google, over real HTTP: found, refused by reason, and never shown."""

import base64
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.secret_sources.aws_signature import Credentials, Scope, sign
from messaging_pipeline.secret_sources.sources import SecretSources
from tests.support.cloud_secrets import (
    CONTAINER_TOKEN,
    GOOGLE_TOKEN,
    IDENTITY_TOKEN,
    KEYS,
    ROLES,
    Cloud,
    cloud,
)

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:twilio-AbCdEf"
LATEST = "projects/shop/secrets/twilio/versions/latest"


@pytest.fixture
def stores() -> Iterator[Cloud]:
    with cloud() as it:
        it.amazon = {
            "twilio": {"SecretString": '{"acme": "token-of-acme", "beta": "token-of-beta"}'},
            ARN: {"SecretString": "token-by-arn"},
            "binary": {"SecretBinary": base64.b64encode(b"token-in-bytes").decode()},
            "picture": {"SecretBinary": base64.b64encode(b"\xff\xfe").decode()},
        }
        it.google = {LATEST: b"token-at-google\n", "projects/shop/secrets/twilio/versions/2": b'{"acme": "older"}'}
        it.forbidden = {"hidden", "projects/shop/secrets/hidden/versions/latest"}
        yield it


def at_amazon(stores: Cloud, **changes: str) -> SecretSources:
    keys = {"AWS_ACCESS_KEY_ID": KEYS.access_key_id, "AWS_SECRET_ACCESS_KEY": KEYS.secret_access_key}
    return SecretSources(
        {"AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL_SECRETS_MANAGER": stores.url, **(changes or keys)}
    )


def at_google(stores: Cloud, **changes: str) -> SecretSources:
    given = {"CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER": stores.url, "GOOGLE_CLOUD_PROJECT": "shop"}
    return SecretSources({**given, "GCE_METADATA_HOST": stores.host, **changes})


@pytest.mark.parametrize(
    ("reference", "secret"),
    [
        ("aws-sm:twilio#acme", "token-of-acme"),
        (f"aws-sm:{ARN}", "token-by-arn"),
        ("aws-sm:binary", "token-in-bytes"),
    ],
)
def test_a_secret_at_amazon_is_found_by_name_or_arn(stores: Cloud, reference: str, secret: str) -> None:
    assert at_amazon(stores).read(reference) == secret


def test_an_arn_names_its_region_by_itself(stores: Cloud) -> None:
    sources = SecretSources(
        {
            "AWS_ENDPOINT_URL": stores.url,
            "AWS_ACCESS_KEY_ID": KEYS.access_key_id,
            "AWS_SECRET_ACCESS_KEY": KEYS.secret_access_key,
        }
    )
    assert sources.read(f"aws-sm:{ARN}") == "token-by-arn"
    with pytest.raises(InvalidSettings, match="is in no region"):
        sources.read("aws-sm:twilio#acme")


def test_two_keys_of_one_secret_cost_one_question(stores: Cloud) -> None:
    sources = at_amazon(stores)
    assert [sources.read(f"aws-sm:twilio#{key}") for key in ("acme", "beta")] == ["token-of-acme", "token-of-beta"]
    assert stores.asked == ["POST /"]


def test_keys_come_from_the_instances_metadata(stores: Cloud) -> None:
    sources = at_amazon(stores, AWS_EC2_METADATA_SERVICE_ENDPOINT=stores.url)
    assert sources.read("aws-sm:twilio#acme") == "token-of-acme"
    assert stores.asked[:2] == ["PUT /latest/api/token", f"GET {ROLES}"]


@pytest.mark.parametrize("from_file", [False, True])
def test_keys_come_from_the_containers_endpoint(stores: Cloud, tmp_path: Path, from_file: bool) -> None:
    token = {"AWS_CONTAINER_AUTHORIZATION_TOKEN": CONTAINER_TOKEN}
    if from_file:
        (tmp_path / "token").write_text(CONTAINER_TOKEN)
        token = {"AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": str(tmp_path / "token")}
    sources = at_amazon(stores, AWS_CONTAINER_CREDENTIALS_FULL_URI=f"{stores.url}/container", **token)
    assert sources.read("aws-sm:twilio#acme") == "token-of-acme"


def test_keys_come_for_a_web_identity(stores: Cloud, tmp_path: Path) -> None:
    (tmp_path / "token").write_text(IDENTITY_TOKEN)
    sources = at_amazon(
        stores,
        AWS_ENDPOINT_URL_STS=stores.url,
        AWS_ROLE_ARN="arn:aws:iam::123456789012:role/sender",
        AWS_WEB_IDENTITY_TOKEN_FILE=str(tmp_path / "token"),
    )
    assert sources.read("aws-sm:twilio#acme") == "token-of-acme"


@pytest.mark.parametrize(
    ("reference", "reason"),
    [
        ("aws-sm:nowhere", "does not exist"),
        ("aws-sm:hidden", "may not be read by this role"),
        ("aws-sm:twilio#gamma", "has no text under the key 'gamma'"),
        ("aws-sm:picture", "is not text"),
    ],
)
def test_what_amazon_does_not_give_is_said_by_reason_under_the_references_name(
    stores: Cloud, reference: str, reason: str
) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        at_amazon(stores).read(reference)
    assert refusal.value.setting == reference
    assert reason in refusal.value.reason
    assert "token-of-acme" not in str(refusal.value)


def test_wrong_keys_are_refused_and_not_shown(stores: Cloud) -> None:
    with pytest.raises(InvalidSettings, match="is refused by AWS Secrets Manager") as refusal:
        at_amazon(stores, AWS_ACCESS_KEY_ID="AKIATEST", AWS_SECRET_ACCESS_KEY="wrong-one").read("aws-sm:twilio#acme")
    assert "wrong-one" not in str(refusal.value)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"AWS_EC2_METADATA_DISABLED": "true"}, "there are no AWS credentials"),
        ({"AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://127.0.0.1:9"}, "metadata service does not answer"),
        ({"AWS_WEB_IDENTITY_TOKEN_FILE": "/nowhere/token", "AWS_ROLE_ARN": "arn:aws:iam::1:role/r"}, "token"),
    ],
)
def test_without_credentials_the_reason_is_said(stores: Cloud, changes: dict[str, str], reason: str) -> None:
    with pytest.raises(InvalidSettings, match=reason):
        at_amazon(stores, **changes).read("aws-sm:twilio#acme")


@pytest.mark.parametrize(
    ("reference", "secret"),
    [
        ("gcp-sm:twilio", "token-at-google"),
        (f"gcp-sm:{LATEST}", "token-at-google"),
        ("gcp-sm:projects/shop/secrets/twilio", "token-at-google"),
        ("gcp-sm:twilio/versions/2#acme", "older"),
    ],
)
def test_a_secret_at_google_is_found_by_name_and_version(stores: Cloud, reference: str, secret: str) -> None:
    assert at_google(stores).read(reference) == secret


def test_an_access_token_may_be_handed_in(stores: Cloud) -> None:
    sources = at_google(stores, GOOGLE_OAUTH_ACCESS_TOKEN=GOOGLE_TOKEN, GCE_METADATA_HOST="127.0.0.1:9")
    assert sources.read("gcp-sm:twilio") == "token-at-google"


@pytest.mark.parametrize(
    ("reference", "changes", "reason"),
    [
        ("gcp-sm:nowhere", {}, "does not exist"),
        ("gcp-sm:hidden", {}, "may not be read by this service account"),
        ("gcp-sm:twilio", {"GOOGLE_OAUTH_ACCESS_TOKEN": "wrong-one"}, "may not be read with this access token"),
        ("gcp-sm:twilio", {"GOOGLE_CLOUD_PROJECT": ""}, "is in no project"),
        ("gcp-sm:projects/../secrets/x", {}, "is no name of a secret"),
        ("gcp-sm:twilio", {"GCE_METADATA_HOST": "127.0.0.1:9"}, "metadata server does not answer"),
    ],
)
def test_what_google_does_not_give_is_said_by_reason_under_the_references_name(
    stores: Cloud, reference: str, changes: dict[str, str], reason: str
) -> None:
    with pytest.raises(InvalidSettings) as refusal:
        at_google(stores, **changes).read(reference)
    assert refusal.value.setting == reference
    assert reason in refusal.value.reason
    assert "wrong-one" not in str(refusal.value)


def test_a_store_that_is_busy_is_asked_again(stores: Cloud) -> None:
    stores.failures = 1
    assert at_amazon(stores).read("aws-sm:twilio#acme") == "token-of-acme"
    assert stores.asked == ["POST /", "POST /"]


def test_a_store_that_does_not_answer_is_named(stores: Cloud) -> None:
    with pytest.raises(InvalidSettings, match="Google's Secret Manager does not answer"):
        at_google(
            stores,
            CLOUDSDK_API_ENDPOINT_OVERRIDES_SECRETMANAGER="http://127.0.0.1:9",
            GOOGLE_OAUTH_ACCESS_TOKEN="t",
        ).read("gcp-sm:twilio")


EXAMPLE_KEYS = Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY")


@pytest.mark.parametrize(
    ("method", "headers", "body", "signature"),
    [
        ("GET", {}, b"", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("POST", {}, b"", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "GET",
            {"My-Header1": " value1", "My-Header2": ' "a   b   c"'},
            b"",
            "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
        ),
        (
            "POST",
            {"Content-Type": "application/x-www-form-urlencoded"},
            b"Param1=value1",
            "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
        ),
    ],
    ids=["get-vanilla", "post-vanilla", "get-header-value-trim", "post-x-www-form-urlencoded"],
)
def test_requests_are_signed_as_in_amazons_own_examples(
    method: str, headers: dict[str, str], body: bytes, signature: str
) -> None:
    moment = datetime(2015, 8, 30, 12, 36, tzinfo=UTC)
    scope = Scope("us-east-1", "service")
    signed = sign(method, "example.amazonaws.com", headers, body, credentials=EXAMPLE_KEYS, scope=scope, now=moment)
    assert signed["Authorization"].endswith(f", Signature={signature}")
