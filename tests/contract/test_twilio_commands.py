"""`messaging-pipeline twilio ...` does at Twilio what it says, and tells in one sentence why when it does not."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from messaging_pipeline.simulator.configuration import (
    DEFAULT_ACCOUNT_SID,
    DEFAULT_AUTH_TOKEN,
    AccountConfig,
    SimulatorConfig,
)
from messaging_pipeline.twilio_api.error_table import look_up
from tests.support.commands import Finished, run_command
from tests.support.factories import configuration_file
from tests.support.simulated_twilio import (
    FAST,
    OWN_NUMBER,
    RECIPIENT,
    SERVICE,
    SimulatedTwilio,
    eventually,
    simulated_twilio,
)
from tests.support.stand_in import answering, refusing, stand_in

KEY, KEY_SECRET = "SK" + "d" * 32, "secret-of-the-key"
CLINIC = AccountConfig("AC" + "c" * 32, "the-clinics-token", api_keys=(f"{KEY}:{KEY_SECRET}",))
UNKNOWN_SERVICE = "MG" + "f" * 32
UNKNOWN_MESSAGE = "SM" + "f" * 32
STUCK = "+15005551011"
OPTED_OUT = "+15005551006"
LOST = "+15005551020"
OUTSIDE = "--outside-the-pipeline"
TENANTS = """
[tenants.clinic]
account_sid = "{sid}"
auth_token = "env:CLINIC_TOKEN"

[services.clinic]
tenant = "clinic"
messaging_service_sid = "{service}"
"""

Twilio = Callable[..., Finished]


@pytest.fixture
def simulated() -> Iterator[SimulatedTwilio]:
    accounts = (AccountConfig(DEFAULT_ACCOUNT_SID, DEFAULT_AUTH_TOKEN), CLINIC)
    with simulated_twilio(SimulatorConfig(accounts=accounts, speed=FAST, smtp_port=None)) as running:
        yield running


def environment(url: str, **changes: str) -> Mapping[str, str]:
    return {
        "TWILIO_ACCOUNT_SID": DEFAULT_ACCOUNT_SID,
        "TWILIO_AUTH_TOKEN": DEFAULT_AUTH_TOKEN,
        "TWILIO_API_BASE_URL": url,
        **changes,
    }


@pytest.fixture
def twilio(simulated: SimulatedTwilio) -> Twilio:
    return lambda *words: run_command(environment(simulated.url), "twilio", *words)


def done(finished: Finished) -> Finished:
    assert (finished.code, finished.err) == (0, "")
    return finished


def sent(twilio: Twilio, to: str = RECIPIENT) -> str:
    words = ("messages", "create", "--to", to, "--messaging-service-sid", SERVICE, "--body", "Hello", OUTSIDE, "--json")
    return str(done(twilio(*words)).json["sid"])


def in_pool(twilio: Twilio) -> list[str]:
    return [one["phone_number"] for one in done(twilio("services", "numbers", "list", SERVICE, "--json")).json]


def test_the_account_is_fetched_with_the_credentials_of_the_environment(twilio: Twilio) -> None:
    assert done(twilio("account", "fetch")).out == f"{DEFAULT_ACCOUNT_SID}  active, Full  Simulated account\n"
    assert done(twilio("account", "fetch", "--json")).json["tenant"] == "default"


def test_a_token_that_twilio_does_not_know_is_a_wrong_setting(simulated: SimulatedTwilio) -> None:
    wrong = run_command(environment(simulated.url, TWILIO_AUTH_TOKEN="wrong"), "twilio", "account", "fetch")
    assert (wrong.code, wrong.out) == (2, "")
    assert "TWILIO_ACCOUNT_SID" in wrong.err
    assert "20003" in wrong.err


def test_without_credentials_the_missing_setting_is_named() -> None:
    nobody = run_command({}, "twilio", "account", "fetch")
    assert nobody.code == 2
    assert "TWILIO_ACCOUNT_SID" in nobody.err


def test_each_tenant_sees_its_own_account(simulated: SimulatedTwilio, tmp_path: Path) -> None:
    config = configuration_file(tmp_path, TENANTS.format(sid=CLINIC.sid, service=UNKNOWN_SERVICE))
    both = environment(simulated.url, MESSAGING_CONFIG=config, CLINIC_TOKEN=CLINIC.token)

    def run(*words: str) -> Finished:
        return run_command(both, "twilio", *words)

    sid = done(run("services", "create", "Of the clinic", "--tenant", "clinic")).out.strip()

    assert [one["tenant"] for one in done(run("account", "list", "--json")).json] == ["clinic", "default"]
    assert CLINIC.token not in run("account", "list").out
    assert done(run("account", "fetch", "--tenant", "clinic", "--json")).json["sid"] == CLINIC.sid
    assert run("services", "fetch", sid).code == 1
    assert run("services", "update", sid, "--no-sticky-sender").code == 1
    assert done(run("services", "fetch", sid, "--tenant", "clinic", "--json")).json["sticky_sender"] is True


@pytest.mark.parametrize(("secret", "code"), [(KEY_SECRET, 0), ("wrong", 2)])
def test_an_api_key_that_may_not_see_the_account_is_told_from_a_wrong_one(
    simulated: SimulatedTwilio, tmp_path: Path, secret: str, code: int
) -> None:
    key = f'api_key = "{KEY}"\napi_key_secret = "env:CLINIC_KEY"\n\n[services'
    config = TENANTS.format(sid=CLINIC.sid, service=UNKNOWN_SERVICE).replace("[services", key, 1)
    changes = {"MESSAGING_CONFIG": configuration_file(tmp_path, config), "CLINIC_TOKEN": CLINIC.token}
    by_key = environment(simulated.url, CLINIC_KEY=secret, **changes)

    fetched = run_command(by_key, "twilio", "account", "fetch", "--tenant", "clinic")
    assert (fetched.code, CLINIC.sid in fetched.out, "tenants.clinic" in fetched.err) == (code, code == 0, code == 2)
    if code == 0:
        assert "main key" in fetched.out
        assert run_command(by_key, "twilio", "services", "list", "--tenant", "clinic").code == 0


def test_a_tenant_that_nobody_declared_is_refused(twilio: Twilio) -> None:
    assert (twilio("account", "fetch", "--tenant", "nobody").code, twilio("messages", "list").code) == (2, 0)


def test_a_message_is_created_fetched_listed_and_removed(twilio: Twilio) -> None:
    sid = sent(twilio)
    eventually(lambda: twilio("messages", "fetch", sid, "--json").json["status"] == "delivered")

    fetched = done(twilio("messages", "fetch", sid))
    listed = done(twilio("messages", "list", "--to", RECIPIENT, "--json")).json
    assert "Hello" not in fetched.out
    assert RECIPIENT not in fetched.out
    assert "Hello" in done(twilio("messages", "fetch", sid, "--text")).out
    assert done(twilio("messages", "fetch", sid, "--text", "--json")).json["body"] == "Hello"
    assert [(one["sid"], one["num_segments"]) for one in listed] == [(sid, 1)]
    assert done(twilio("messages", "remove", sid, "--yes")).out == "removed\n"
    assert twilio("messages", "fetch", sid).code == 1


def test_a_list_ends_at_its_limit_newest_first(twilio: Twilio) -> None:
    sids = [sent(twilio, f"+1206555017{number}") for number in range(3)]
    assert [one["sid"] for one in twilio("messages", "list", "--limit", "2", "--json").json] == sids[:0:-1]
    assert [one["to"] for one in twilio("messages", "list", "--to", "+12065550171", "--json").json] == ["+12065550171"]
    assert twilio("messages", "list", "--from", OWN_NUMBER, "--json").json == []
    assert "+12065550171" not in twilio("messages", "list").out


def test_what_a_create_says_goes_to_twilio(twilio: Twilio, simulated: SimulatedTwilio) -> None:
    words = ["--media-url", "https://example.com/a.jpg", "--media-url", "https://example.com/b.jpg"]
    words += ["--status-callback", "https://example.com/status", "--provide-feedback", "--max-price", "1"]
    made = twilio("messages", "create", "--to", RECIPIENT, "--from", OWN_NUMBER, *words, OUTSIDE)

    [create] = simulated.control.ledger()["creates"]
    [message] = simulated.control.messages()["messages"]
    assert made.code == 0
    assert made.err == "--max-price: has had no effect at Twilio since June 2024; it is not sent\n"
    assert made.out.split()[1] == "queued"
    assert (create["status_callback"], create["sender"]) == ("https://example.com/status", OWN_NUMBER)
    assert message["media_urls"] == ["https://example.com/a.jpg", "https://example.com/b.jpg"]


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--from", OWN_NUMBER, "--body", "x"], OUTSIDE),
        (["--body", "x", OUTSIDE], "--messaging-service-sid"),
        (["--from", OWN_NUMBER, "--messaging-service-sid", SERVICE, "--body", "x", OUTSIDE], "--from"),
        (["--from", OWN_NUMBER, OUTSIDE], "--body"),
        (["--messaging-service-sid", "MG1", "--body", "x", OUTSIDE], "--messaging-service-sid"),
        (["--from", OWN_NUMBER, "--media-url", "ftp://example.com/a", OUTSIDE], "--media-url"),
    ],
)
def test_a_create_that_is_not_meant_or_not_possible_sends_nothing(
    twilio: Twilio, simulated: SimulatedTwilio, words: list[str], named: str
) -> None:
    refused = twilio("messages", "create", "--to", RECIPIENT, *words)
    assert (refused.code, named in refused.err) == (2, True)
    assert simulated.control.ledger()["creates"] == []


def test_a_recipient_that_is_no_number_is_refused_here(twilio: Twilio, simulated: SimulatedTwilio) -> None:
    refused = twilio("messages", "create", "--to", "0049", "--from", OWN_NUMBER, "--body", "x", OUTSIDE)
    assert (refused.code, "--to" in refused.err, "0049" in refused.err) == (1, True, False)
    assert simulated.control.ledger()["creates"] == []


def test_a_refusal_is_told_with_its_code_and_without_the_number(twilio: Twilio) -> None:
    refused = twilio("messages", "create", "--to", OPTED_OUT, "--from", OWN_NUMBER, "--body", "x", OUTSIDE, "--json")
    assert refused.code == 1
    assert refused.json == {"outcome": "refused", "sid": None, "status": None, "error_code": 21610}
    assert look_up(21610).explanation in refused.err
    assert OPTED_OUT not in refused.err


def test_a_lost_answer_says_that_it_may_have_been_sent_and_asks_once() -> None:
    with stand_in(answering(500, "oops")) as server:
        words = ("messages", "create", "--to", LOST, "--from", OWN_NUMBER, "--body", "x", OUTSIDE, "--json")
        lost = run_command(environment(server.url), "twilio", *words)
        assert len(server.requests) == 1
    assert (lost.code, lost.json["outcome"]) == (1, "unconfirmed")
    assert "may have been sent" in lost.err


def test_nobody_there_is_not_reachable() -> None:
    there = environment("http://127.0.0.1:9")
    words = ("messages", "create", "--to", RECIPIENT, "--from", OWN_NUMBER, "--body", "x", OUTSIDE, "--json")
    made = run_command(there, "twilio", *words)
    assert (made.code, made.json["outcome"]) == (3, "not_sent")
    asked = run_command(there, "twilio", "account", "fetch")
    assert (asked.code, "TWILIO_API_BASE_URL" in asked.err) == (3, True)


def test_a_message_on_its_way_is_not_removed(twilio: Twilio) -> None:
    refused = twilio("messages", "remove", sent(twilio, STUCK), "--yes")
    assert (refused.code, "20009" in refused.err) == (1, True)


def test_nothing_is_destroyed_unasked(twilio: Twilio) -> None:
    sid = sent(twilio)
    number = in_pool(twilio)[0]
    for words in (("messages", "remove", sid), ("services", "numbers", "remove", SERVICE, number)):
        refused = twilio(*words)
        assert (refused.code, "--yes" in refused.err) == (2, True)
    assert twilio("messages", "fetch", sid).code == 0
    assert number in in_pool(twilio)


def test_a_service_is_made_set_up_and_shown(twilio: Twilio) -> None:
    sid = done(twilio("services", "create", "Clinic", "--inbound-request-url", "https://example.com/in")).out.strip()
    words = ["--status-callback", "https://example.com/status#rc=5&rp=all", "--inbound-method", "post"]
    words += [
        "--no-sticky-sender",
        "--area-code-geomatch",
        "--use-inbound-webhook-on-number",
        "--validity-period",
        "60",
    ]
    updated = done(twilio("services", "update", sid, *words, "--inbound-request-url", "", "--json")).json

    assert done(twilio("services", "fetch", sid, "--json")).json == updated
    assert updated == {
        "sid": sid,
        "friendly_name": "Clinic",
        "status_callback": "https://example.com/status#rc=5&rp=all",
        "inbound_request_url": None,
        "inbound_method": "POST",
        "fallback_url": None,
        "fallback_method": "POST",
        "use_inbound_webhook_on_number": True,
        "sticky_sender": False,
        "area_code_geomatch": True,
        "smart_encoding": True,
        "mms_converter": True,
        "validity_period": 60,
        "usecase": "undeclared",
        "us_app_to_person_registered": False,
    }
    assert "as each number says" in done(twilio("services", "list")).out
    assert "sticky sender                  no" in done(twilio("services", "fetch", sid)).lines


@pytest.mark.parametrize(
    "words",
    [
        ("services", "update", SERVICE),
        ("services", "update", "MG1", "--no-sticky-sender"),
        ("services", "update", SERVICE, "--status-callback", "nowhere"),
        ("services", "update", SERVICE, "--validity-period", "36001"),
        ("numbers", "update", OWN_NUMBER),
        ("numbers", "update", OWN_NUMBER, "--sms-url", "nowhere"),
        ("messages", "fetch", "SM1"),
    ],
)
def test_wrong_words_are_wrong_usage_and_ask_nobody(words: tuple[str, ...]) -> None:
    with stand_in(refusing(400, 20001)) as server:
        assert run_command(environment(server.url), "twilio", *words).code == 2
        assert server.requests == []


def test_a_service_whose_answer_was_lost_is_not_made_again_blindly() -> None:
    with stand_in(answering(503, "busy")) as server:
        lost = run_command(environment(server.url), "twilio", "services", "create", "Clinic")
        assert len(server.requests) == 1
    assert (lost.code, "twilio services list" in lost.err) == (1, True)


def test_numbers_are_put_into_a_service_and_taken_out_by_number_or_by_sid(twilio: Twilio) -> None:
    first, second = done(twilio("services", "numbers", "list", SERVICE, "--json")).json
    assert done(twilio("services", "numbers", "remove", SERVICE, first["sid"], "--yes")).out == "removed\n"
    assert in_pool(twilio) == [second["phone_number"]]
    done(twilio("services", "numbers", "attach", SERVICE, first["phone_number"]))
    twice = twilio("services", "numbers", "attach", SERVICE, first["phone_number"])
    assert in_pool(twilio) == [second["phone_number"], first["phone_number"]]
    assert (twice.code, "21710" in twice.err) == (1, True)
    assert first["phone_number"] not in twilio("services", "numbers", "list", SERVICE).out


def test_a_number_is_told_where_its_messages_go(twilio: Twilio) -> None:
    number = in_pool(twilio)[0]
    urls = {
        "sms_url": "https://example.com/in",
        "sms_fallback_url": "https://example.com/fallback",
        "status_callback": "https://example.com/calls",
    }
    words = [word for name, url in urls.items() for word in (f"--{name.replace('_', '-')}", url)]
    words += ["--sms-method", "POST", "--sms-fallback-method", "POST"]
    updated = done(twilio("numbers", "update", number, *words, "--json")).json
    listed = done(twilio("numbers", "list", "--phone-number", number, "--json")).json

    assert updated.items() >= urls.items()
    assert done(twilio("numbers", "fetch", updated["sid"], "--json")).json == updated
    assert listed == [updated]
    assert number not in twilio("numbers", "list").out + twilio("numbers", "fetch", number).out


def test_a_number_of_somebody_else_is_not_found_and_not_shown(twilio: Twilio) -> None:
    unknown = twilio("numbers", "fetch", "+12065550999")
    assert (unknown.code, "there is no number" in unknown.err, "+12065550999" in unknown.err) == (1, True, False)


def test_what_is_not_there_is_named(twilio: Twilio) -> None:
    for words in (("messages", "fetch", UNKNOWN_MESSAGE), ("numbers", "fetch", "PN" + "f" * 32)):
        missing = twilio(*words)
        assert (missing.code, words[-1] in missing.err) == (1, True)
