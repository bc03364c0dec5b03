"""The doctor on real servers: what it finds, what it leaves alone, and its exit codes."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from celery import Celery
from cryptography.fernet import Fernet

from messaging_pipeline.follow.apply_evidence import Evidence
from messaging_pipeline.queues import Queue
from messaging_pipeline.simulator.running import Simulator
from messaging_pipeline.worker_runtime import WorkerRuntime
from tests.plugins.runtimes import TWO_TENANTS
from tests.support.commands import Finished, run_command
from tests.support.factories import a_send, configuration_file, environment
from tests.support.queued import queued, task_in
from tests.support.served_webhooks import Proxy, served_webhooks

ROWS = "select (select count(*) from messages) + (select count(*) from message_events)"


@pytest.fixture
def given(database_url: str, redis_url: str, simulator: Simulator) -> dict[str, str]:
    return environment(DATABASE_URL=database_url, REDIS_URL=redis_url, TWILIO_API_BASE_URL=simulator.url)


@pytest.fixture
def outside(given: dict[str, str]) -> Iterator[dict[str, str]]:
    """An installation whose webhooks are reached from outside."""
    with served_webhooks(REDIS_URL=given["REDIS_URL"]) as origin:
        yield given | {"TWILIO_STATUS_CALLBACK_PUBLIC_URL": f"{origin}/twilio/status"}


def doctor(given: Mapping[str, str], *options: str) -> Finished:
    return run_command(given, "doctor", "--json", *options)


def findings(ended: Finished, check: str) -> list[dict[str, Any]]:
    return [one for one in ended.json if one["check"] == check]


def told(ended: Finished, check: str, state: str) -> list[str]:
    return [one["told"] for one in findings(ended, check) if one["state"] == state]


def test_webhooks_believe_what_is_signed_and_nothing_else(outside: dict[str, str]) -> None:
    ended = doctor(outside)
    assert {one["state"] for one in findings(ended, "webhooks")} == {"ok"}
    assert told(ended, "webhooks", "ok").count("believes what is signed with the primary token") == 2
    assert told(ended, "webhooks", "ok").count("refuses what is signed with another token") == 2


def test_what_it_reports_changes_nothing(outside: dict[str, str], runtime: WorkerRuntime) -> None:
    doctor(outside)
    [task] = queued(outside["REDIS_URL"], Queue.STATUS)
    [report] = task.arguments["reports"]
    about = {name: report[name] for name in ("tenant", "sid", "status", "error_code", "attempt")}
    evidence = Evidence(UUID(report["message_id"]), received_at=runtime.base.clock.now(), **about)
    before = counted(outside)
    applied = runtime.following.apply([evidence])
    assert (applied.moved, applied.counts["unknown_message"], counted(outside)) == ((), 1, before)
    assert queued(outside["REDIS_URL"], Queue.INBOUND) == []


def counted(given: Mapping[str, str]) -> int:
    with psycopg.connect(given["DATABASE_URL"]) as connection:
        [count] = connection.execute(ROWS).fetchone() or [0]
    return int(count)


def renaming(app: Callable[..., Any]) -> Callable[..., Any]:
    """A proxy that loses a part of the path which Twilio has signed."""

    def proxy(environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        stripped = environ["PATH_INFO"].removeprefix("/sms")
        return app({**environ, "PATH_INFO": stripped, "RAW_URI": stripped, "REQUEST_URI": stripped}, start)

    return proxy


def answering(status: str, *headers: tuple[str, str]) -> Proxy:
    """A proxy that answers by itself."""

    def proxy(_: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        start(status, [("Content-Length", "0"), *headers])
        return [b""]

    return lambda _: proxy


def test_a_proxy_that_changes_the_path_is_found(given: dict[str, str]) -> None:
    with served_webhooks(renaming, REDIS_URL=given["REDIS_URL"]) as origin:
        ended = doctor(given | {"TWILIO_STATUS_CALLBACK_PUBLIC_URL": f"{origin}/sms/twilio/status"})
    assert "refuses what is signed with the primary token: 403" in told(ended, "webhooks", "error")
    assert ended.code == 1


@pytest.mark.parametrize(
    ("proxy", "word"),
    [
        (answering("301 Moved", ("Location", "https://a.example/")), "redirects (301)"),
        (answering("502 Bad Gateway"), "the proxy answers 502"),
        (answering("204 No Content"), "takes what nobody has signed"),
        (answering("400 Bad Request"), "answers 400"),
    ],
    ids=["redirect", "gateway", "believes everybody", "refuses everybody"],
)
def test_what_stands_before_the_webhooks_is_told_from_them(given: dict[str, str], proxy: Proxy, word: str) -> None:
    with served_webhooks(proxy, REDIS_URL=given["REDIS_URL"]) as origin:
        ended = doctor(given | {"TWILIO_STATUS_CALLBACK_PUBLIC_URL": f"{origin}/twilio/status"})
    assert any(word in one for one in told(ended, "webhooks", "error"))


def test_a_secondary_token_that_the_webhooks_do_not_know_is_found(outside: dict[str, str]) -> None:
    ended = doctor(outside | {"TWILIO_AUTH_TOKEN_SECONDARY": "new-token"})
    assert told(ended, "webhooks", "error") == ["refuses what is signed with the secondary token: 403"] * 2


def test_a_database_that_forgets_is_an_error(given: dict[str, str]) -> None:
    ended = doctor(given)
    assert any("fsync is off" in one for one in told(ended, "postgres", "error"))
    assert "every migration is applied" in told(ended, "postgres", "ok")


def test_a_schema_that_is_missing_is_an_error_and_the_rest_goes_on(
    given: dict[str, str], empty_database_url: str
) -> None:
    ended = doctor(given | {"DATABASE_URL": empty_database_url})
    [schema] = [one for one in findings(ended, "postgres") if one["about"] == "schema"]
    assert (schema["state"], schema["cure"]) == ("error", "run `messaging-pipeline migrate`")
    assert told(ended, "keys", "skipped") == ["the database has no schema yet"]
    assert findings(ended, "broker")[0]["state"] == "ok"


def test_a_task_for_which_nobody_has_named_a_queue_is_found(given: dict[str, str]) -> None:
    assert told(doctor(given), "broker", "warning") == []
    with Celery("shop", broker=given["REDIS_URL"], set_as_current=False) as shop:
        shop.send_task("messaging.send", kwargs={"to": "+14155550123", "body": "Hello"}, ignore_result=True)
    ended = doctor(given)
    [told_of] = [one for one in findings(ended, "broker") if one["about"] == "queue celery"]
    assert (told_of["state"], told_of["told"].partition(",")[0]) == ("warning", "1 task waits there")
    assert 'queue="accept"' in told_of["cure"]
    assert task_in(given["REDIS_URL"], "celery").name == "messaging.send"


def test_servers_that_do_not_answer_are_named_and_the_rest_goes_on(given: dict[str, str]) -> None:
    nowhere = environment(TWILIO_STATUS_CALLBACK_PUBLIC_URL="http://127.0.0.1:9/twilio/status")
    ended = doctor(nowhere)
    silent = {one["about"] for one in ended.json if one["state"] == "unreachable"}
    assert {"DATABASE_URL", "REDIS_URL", "CELERY_BROKER_URL"} <= silent
    assert ended.code == 3


def test_redis_and_the_clocks_are_judged(given: dict[str, str]) -> None:
    ended = doctor(given)
    assert [one["about"] for one in findings(ended, "clocks")] == ["Postgres", "Redis", "Twilio (default)"]
    assert {one["state"] for one in findings(ended, "clocks")} == {"ok"}
    assert findings(ended, "redis")[0]["state"] == "ok"


def test_a_key_that_does_not_open_what_is_stored_is_found(given: dict[str, str], runtime: WorkerRuntime) -> None:
    assert told(doctor(given), "keys", "ok") == ["nothing is stored yet"]
    runtime.base.accepting.accept(a_send())
    assert told(doctor(given), "keys", "ok") == ["opens the 1 oldest of what is stored"]
    lost = given | {"MESSAGING_ENCRYPTION_KEYS": Fernet.generate_key().decode()}
    assert told(doctor(lost), "keys", "error") == ["no key opens 1 of 1 of the oldest texts"]


def test_a_secret_that_is_not_where_the_file_says_is_named_and_not_shown(given: dict[str, str], tmp_path: Path) -> None:
    path = configuration_file(tmp_path, TWO_TENANTS)
    ended = doctor(
        {name: value for name, value in given.items() if name != "ACME_AUTH_TOKEN"} | {"MESSAGING_CONFIG": path}
    )
    [wrong] = [one for one in findings(ended, "settings") if one["state"] == "error"]
    assert (wrong["about"], "ACME_AUTH_TOKEN" in wrong["told"]) == ("tenants.acme.auth_token", True)
    assert given["TWILIO_AUTH_TOKEN"] not in ended.out


def test_one_tenant_is_looked_at_alone(outside: dict[str, str], tmp_path: Path) -> None:
    path = configuration_file(tmp_path, TWO_TENANTS)
    ended = doctor(outside | {"MESSAGING_CONFIG": path}, "--tenant", "acme")
    assert "default" not in ended.out
    assert "tenants.acme status webhook" in ended.out


def test_wrong_settings_end_it_with_2(given: dict[str, str]) -> None:
    ended = doctor(given | {"TWILIO_ACCOUNT_SID": "nonsense"})
    assert (ended.code, "TWILIO_ACCOUNT_SID" in ended.err) == (2, True)


def test_people_see_marks_and_cures(given: dict[str, str], empty_database_url: str) -> None:
    ended = run_command(given | {"DATABASE_URL": empty_database_url}, "doctor")
    assert any(line.startswith("ERROR") and "postgres: schema:" in line for line in ended.lines)
    assert any(line.strip() == "run `messaging-pipeline migrate`" for line in ended.lines)
