"""Bad input of every kind in one table: a refusal that names what is wrong, nothing half done, nothing leaked."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from werkzeug.test import TestResponse

from messaging_pipeline.clock import ManualClock
from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.twilio_api.signature import sign
from tests.plugins.runtimes import ACME_ACCOUNT_SID, TWO_TENANTS
from tests.plugins.simulators import QUICK_SERVICE, RuntimeMaker
from tests.support.commands import run_command
from tests.support.delivering import creates, drain, show
from tests.support.factories import (
    ACCOUNT_SID,
    AUTH_TOKEN,
    ENCRYPTION_KEY,
    SERVICE_SID,
    a_send,
    configuration_file,
    environment,
    settings,
    worker_runtime,
)
from tests.support.inbound_cases import Line, stored
from tests.support.queued import all_queued
from tests.support.stand_in import answering, stand_in
from tests.support.webhook_tier import ORIGIN, SIGNATURE, CallingTwilio, a_status, an_inbound, webhook_tier
from webhooks.app import create_app

ACME_TOKEN = "token-of-acme"
NOBODYS = "AC" + "9" * 32
JSON = b'{"MessageSid": "SM22222222222222222222222222222222", "Body": "a private matter"}'
PRIVATE = ("5558675310", "5017250604", "a private matter", AUTH_TOKEN, ACME_TOKEN, ACCOUNT_SID, NOBODYS)
FORWARDED = {"HTTP_X_FORWARDED_HOST": "evil.example", "HTTP_FORWARDED": "host=evil.example;proto=http"}
A_CALL = {"CallStatus": "no-answer", "Direction": "inbound", "From": "+15558675310", "To": "+15017250604"}

Post = Callable[[CallingTwilio], TestResponse]


@dataclass(frozen=True)
class Refused:
    """What somebody posts, what is answered, and what the answer says."""

    name: str
    post: Post
    status: int
    says: str


def inbound(**changes: str | None) -> list[tuple[str, str]]:
    return list(an_inbound(**{"Body": "a private matter", **changes}).items())


def call(target: str, fields: Any, *, token: str = AUTH_TOKEN, **options: Any) -> Post:
    return lambda twilio: twilio.with_token(token).call(target, fields, **options)


def tampered(signed: list[tuple[str, str]], sent: list[tuple[str, str]]) -> Post:
    """What was signed is not what comes."""
    signature = sign(f"{ORIGIN}/twilio/inbound", signed, AUTH_TOKEN)
    return lambda twilio: twilio.post("/twilio/inbound", urlencode(sent).encode(), {SIGNATURE: signature})


def json_post(hashed: bytes | None) -> Post:
    """A body that is no form, at an address that is signed, with the hash of some body in it, or none."""
    query = "" if hashed is None else f"?bodySHA256={hashlib.sha256(hashed).hexdigest()}"
    headers = {SIGNATURE: sign(f"{ORIGIN}/twilio/inbound{query}", {}, AUTH_TOKEN)}
    return lambda twilio: twilio.post(f"/twilio/inbound{query}", JSON, headers, content_type="application/json")


ACMES_PATH = "/twilio/t/acme/inbound"
REFUSED = [
    Refused("a status that is none", call("/twilio/status", a_status(MessageStatus="a b")), 400, "MessageStatus"),
    Refused("an error code that is none", call("/twilio/status", a_status(ErrorCode="thirty")), 400, "ErrorCode"),
    Refused("a status about nothing", call("/twilio/status", a_status(MessageSid="SM1")), 400, "MessageSid"),
    Refused("a text without a SID", call("/twilio/inbound", inbound(MessageSid=None, SmsSid=None)), 400, "MessageSid"),
    Refused("a text with an odd SID", call("/twilio/inbound", inbound(MessageSid="SM\x00")), 400, "MessageSid"),
    Refused("a sender that nobody can store", call("/twilio/inbound", inbound(From="+1555\x00")), 400, "From"),
    Refused("an odd SID at the fallback", call("/twilio/fallback", inbound(MessageSid="x" * 500)), 400, "MessageSid"),
    Refused("a call without a SID", call("/twilio/voice", {**A_CALL, "CallSid": "CA1"}), 400, "CallSid"),
    Refused("an account that is none", call("/twilio/inbound", inbound(AccountSid="nobody")), 400, "AccountSid"),
    Refused("nobody's account", call("/twilio/inbound", inbound(AccountSid=NOBODYS)), 403, "not known here"),
    Refused("another's account", call(ACMES_PATH, inbound(), token=ACME_TOKEN), 403, "not the one"),
    Refused("another's token", call("/twilio/inbound", inbound(), token=ACME_TOKEN), 403, "does not match"),
    Refused(
        "another's path",
        call(ACMES_PATH, inbound(AccountSid=ACME_ACCOUNT_SID)),
        403,
        "does not match",
    ),
    Refused("a tenant that is none", call("/twilio/t/nobody/inbound", inbound()), 404, "Not Found"),
    Refused(
        "forged forwarded headers",
        call(
            "/twilio/inbound",
            inbound(),
            as_seen="http://evil.example/twilio/inbound",
            environ_overrides=FORWARDED,
        ),
        403,
        "does not match",
    ),
    Refused(
        "a second account in one form",
        call("/twilio/inbound", [*inbound(), ("AccountSid", ACME_ACCOUNT_SID)]),
        403,
        "not the one",
    ),
    Refused("a field said again", tampered(inbound(), [*inbound(), ("Body", "STOP")]), 403, "does not match"),
    Refused("a field put before", tampered(inbound(), [("From", "+14155550100"), *inbound()]), 403, "does not match"),
    Refused("a field taken away", tampered(inbound(), inbound(To=None)), 403, "does not match"),
    Refused("JSON that nobody vouches for", json_post(None), 403, "bodySHA256"),
    Refused("JSON with another body's hash", json_post(b"{}"), 403, "bodySHA256"),
    Refused("JSON with its own hash, which is no form", json_post(JSON), 400, "MessageSid"),
    Refused("events that SendGrid did not sign", call("/sendgrid/events", {}), 403, "Forbidden"),
]


@pytest.fixture
def twilio(redis_url: str, tmp_path: Path) -> Iterator[CallingTwilio]:
    with webhook_tier(REDIS_URL=redis_url, MESSAGING_CONFIG=configuration_file(tmp_path, TWO_TENANTS)) as twilio:
        yield twilio


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case.name)
def test_what_is_wrong_is_refused_by_name_and_neither_written_nor_repeated(
    twilio: CallingTwilio, redis_url: str, case: Refused, caplog: pytest.LogCaptureFixture
) -> None:
    answer = case.post(twilio)
    assert (answer.status_code, all_queued(redis_url)) == (case.status, {})
    assert case.says in answer.text
    assert [secret for secret in PRIVATE if secret in answer.text + caplog.text] == []


# What is odd and right is taken whole.

ANSWERS = f"""
[services.default]
messaging_service_sid = "{SERVICE_SID}"

[services.default.keywords.answers]
"🍕" = "On its way."
"""
TEN_FILES = {
    **{f"MediaUrl{number}": f"https://api.twilio.com/media/ME{number}" for number in range(10)},
    **{f"MediaContentType{number}": "image/jpeg" for number in range(10)},
}


@pytest.fixture
def line(database_url: str, redis_url: str, tmp_path: Path, clock: ManualClock) -> Iterator[Line]:
    path = configuration_file(tmp_path, ANSWERS)
    with (
        webhook_tier(REDIS_URL=redis_url, MESSAGING_CONFIG=path) as twilio,
        worker_runtime(clock, DATABASE_URL=database_url, REDIS_URL=redis_url, MESSAGING_CONFIG=path) as runtime,
    ):
        yield Line(twilio, runtime, redis_url)


def payloads(database_url: str) -> list[list[list[str]]]:
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("select payload from inbound_messages").fetchall()
    return [Sealer([ENCRYPTION_KEY]).unseal(payload) for (payload,) in rows]


@pytest.mark.parametrize("body", ["🍕", " 🍕 ", "🍕!", "🍕\ufe0f"])
def test_an_emoji_is_a_keyword_like_any_other(line: Line, body: str) -> None:
    assert line.say(body, MessagingServiceSid=SERVICE_SID).texts == ["On its way."]
    assert line.work() == [True]
    assert [(one["keyword"], one["word"]) for one in stored(line.runtime)] == [("custom", "🍕")]


def test_another_emoji_is_a_text_like_any_other(line: Line) -> None:
    assert line.say("🍕🍕", MessagingServiceSid=SERVICE_SID).texts == []
    assert line.work() == [True]
    assert [(one["keyword"], one["flag"]) for one in stored(line.runtime)] == [(None, None)]


def test_ten_media_items_are_one_message_with_all_of_its_fields(line: Line, database_url: str) -> None:
    form = an_inbound(NumMedia="10", MessageSid="MM" + "2" * 32, **TEN_FILES)
    assert line.twilio.call("/twilio/inbound", form).status_code == 200
    assert line.work() == [True]
    assert [dict(pairs) for pairs in payloads(database_url)] == [form]


def test_repeated_fields_are_all_kept_and_the_first_one_counts(line: Line, database_url: str) -> None:
    fields = [
        *an_inbound(Body="🍕", MessagingServiceSid=SERVICE_SID).items(),
        ("Body", "STOP"),
        ("Tag", ""),
        ("Tag", ""),
    ]
    line.twilio.call("/twilio/inbound", fields)
    assert line.work() == [True]
    (kept,) = payloads(database_url)
    assert sorted(kept) == sorted(list(pair) for pair in fields)
    assert [one["word"] for one in stored(line.runtime)] == ["🍕"]


def test_the_fallback_address_does_what_the_first_one_could_not(line: Line) -> None:
    """Twilio posts the same form there, with what went wrong, after the first address failed."""
    told = {"ErrorCode": "11200", "ErrorUrl": f"{ORIGIN}/twilio/inbound"}
    said = line.say("🍕", target="/twilio/fallback", MessagingServiceSid=SERVICE_SID, **told)
    assert (said.status, said.texts, line.work()) == (200, ["On its way."], [True])
    assert [(one["word"], one["answered"]) for one in stored(line.runtime)] == [("🍕", True)]


def test_what_both_addresses_took_is_stored_once(line: Line) -> None:
    """The first address had taken it when Twilio lost patience."""
    for target in ("/twilio/inbound", "/twilio/fallback", "/twilio/t/default/fallback"):
        line.say("Is my table ready?", target=target)
    assert line.work() == [True, False, False]
    assert len(stored(line.runtime)) == 1


# Files that nobody can start with.

TWO_SERVICES = '[services.a]\nfrom_number = "+12065550100"\n[services.b]\nfrom_number = "+12065550101"\n'
WRONG_FILES = {
    "two routes for one country": (
        TWO_SERVICES + '[routes.alerts]\na = ["US", "CA"]\nb = ["GB", "US"]\n',
        "routes.alerts.b: US goes by 'a' already",
    ),
    "two routes for everywhere else": (
        TWO_SERVICES + '[routes.alerts]\na = ["*"]\nb = ["*"]\n',
        "routes.alerts.b: * goes by 'a' already",
    ),
    "a country that is none": (TWO_SERVICES + '[routes.alerts]\na = ["UK"]\n', "routes.alerts.a.0"),
    "an unknown time zone": ('[quiet_hours]\ntime_zone = "Mars/Olympus"\n', "quiet_hours.time_zone"),
    "a cap in an unknown time zone": (
        '[caps.day]\nsegments_per_day = 9\ntime_zone = "PST8PDT2"\n',
        "caps.day.time_zone",
    ),
    "a keyword with two meanings": (
        '[tenants.default.keywords]\nmore_help = ["stop!"]\n',
        "tenants.default.keywords: gives the word 'STOP' two meanings",
    ),
}


@pytest.mark.parametrize(("text", "says"), WRONG_FILES.values(), ids=WRONG_FILES)
def test_a_wrong_file_is_refused_by_its_place_by_everybody_and_nothing_is_written(
    database_url: str, redis_url: str, tmp_path: Path, text: str, says: str
) -> None:
    given = {
        "MESSAGING_CONFIG": configuration_file(tmp_path, text),
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
    }
    ended = run_command(environment(**given), "send", "+14155550123", "Hello.")
    assert (ended.code, ended.out) == (2, "")
    assert says in ended.err
    for start in (create_app, load_configuration):
        with pytest.raises(InvalidSettings) as refusal:
            start(settings(**given))
        assert says in str(refusal.value)
    with psycopg.connect(database_url) as connection:
        assert connection.execute("select count(*) from messages").fetchone() == (0,)
    assert all_queued(redis_url) == {}


def test_a_media_url_that_redirects_to_a_private_address_is_not_followed(
    make_runtime: RuntimeMaker, simulator: Simulator
) -> None:
    runtime = make_runtime(
        QUICK_SERVICE + 'media_http = true\nmedia_check = true\nmedia_private_hosts = ["127.0.0.1"]\n'
    )
    with stand_in(answering(200, "a secret")) as inner:
        outside = answering(302, headers={"Location": f"http://localhost:{inner.port}/"})
        with stand_in(outside) as server:
            message_id = runtime.base.accepting.accept(a_send(media_urls=[f"{server.url}/menu.png"]))
            drain(runtime)
        assert inner.requests == []
    shown = show(runtime, message_id)
    assert (shown["status"], shown["attempts"], creates(simulator)) == ("failed", [], [])
    assert shown["reason"].startswith("media 1 leads to a private address")
