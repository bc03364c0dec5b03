"""The shipped NGINX configuration, run by a real NGINX before the webhook tier."""

import json
import re
import socket
import ssl
import subprocess
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest

from messaging_pipeline.queues import Queue
from messaging_pipeline.twilio_api.signature import sign
from tests.support.factories import AUTH_TOKEN
from tests.support.nginx_proxy import FOLDER, TEMPLATE, VARIABLE, Answer, Proxy, nginx_before, shipped_variables
from tests.support.operators_programs import program
from tests.support.queued import all_queued, queued
from tests.support.served_tier import a_free_port, served
from tests.support.stand_in import answering, closing, stand_in
from tests.support.waiting import eventually
from tests.support.webhook_tier import FORM_TYPE, ORIGIN, SIGNATURE, a_status, an_inbound

SEVENTY_KILOBYTES = 70 * 1024
NOBODY = 9


def call(proxy: Proxy, target: str, form: dict[str, str], *, token: str = AUTH_TOKEN) -> Answer:
    headers = {"Content-Type": FORM_TYPE, SIGNATURE: sign(ORIGIN + target, form, token)}
    return proxy.ask("POST", target, urlencode(form).encode(), headers)


def test_signed_webhooks_reach_the_tier_and_nothing_else_does(redis_url: str, tmp_path: Path) -> None:
    message_id = uuid4()
    port = a_free_port()
    with served(redis_url, port), nginx_before(port, tmp_path) as proxy:
        status = f"/twilio/status/{message_id}?escaped=%3A%40%7E&plus=+"
        assert call(proxy, status, a_status()).status == 204
        assert call(proxy, "/twilio/inbound", an_inbound(Body="Ça va? 你好 🎉")).status == 200
        assert call(proxy, status, a_status(), token="another").status == 403
        assert call(proxy, "/twilio/status", a_status(Padding="x" * SEVENTY_KILOBYTES)).status == 413
        assert proxy.ask("GET", "/twilio/status").status == 405
        assert proxy.ask("POST", "/sendgrid/events", b"x" * SEVENTY_KILOBYTES).status == 403
        assert {proxy.ask("GET", path).status for path in ("/", "/healthz", "/readyz", "/metrics")} == {404}
    assert all_queued(redis_url) == {"status": 1, "inbound": 1}
    (report,) = (task.arguments["reports"][0] for task in queued(redis_url, Queue.STATUS))
    assert report["message_id"] == str(message_id)


def test_a_tier_that_is_gone_is_an_answer_that_twilio_is_asked_to_repeat(tmp_path: Path) -> None:
    with nginx_before(NOBODY, tmp_path) as proxy:
        assert call(proxy, "/twilio/status", a_status()).status == 502


def tiers_at(*ports: int) -> str:
    """What makes the template's line one for each tier, as its head says to."""
    (setting,) = re.findall(r"server \$\{WEBHOOKS\}(.*;)\n", TEMPLATE.read_text("utf-8"))
    return f"{setting} server ".join(f"127.0.0.1:{port}" for port in ports)


def test_another_tier_is_asked_when_one_is_killed_with_the_request_in_hand(tmp_path: Path) -> None:
    with (
        stand_in(closing) as killed,
        stand_in(answering(204)) as other,
        nginx_before(killed.port, tmp_path, WEBHOOKS=tiers_at(killed.port, other.port)) as proxy,
    ):
        answers = [call(proxy, "/twilio/status", a_status()).status for _ in range(4)]
    assert answers == [204] * 4
    assert [request.target for request in killed.requests] != []


def test_tiers_that_are_replaced_one_by_one_lose_no_callback(redis_url: str, tmp_path: Path) -> None:
    """Each is told to end with callbacks on their way to it; the next one goes when it is back."""
    ports = [a_free_port(), a_free_port()]
    with ExitStack() as cleanup:
        tiers = [cleanup.enter_context(served(redis_url, port)) for port in ports]
        told = {"WEBHOOKS": tiers_at(*ports), "CALLBACK_RESERVE": "20000"}
        proxy = cleanup.enter_context(nginx_before(ports[0], tmp_path, **told))
        with calling(proxy) as answers:
            for tier in tiers:
                eventually_more_of(answers)
                assert tier.stop() == 0
                eventually_more_of(answers)
                cleanup.enter_context(served(redis_url, tier.port))
            eventually_more_of(answers)
    assert set(answers) == {204}
    reports = [report for task in queued(redis_url, Queue.STATUS) for report in task.arguments["reports"]]
    assert len({report["message_id"] for report in reports}) == len(answers)


@contextmanager
def calling(proxy: Proxy, callers: int = 4) -> Iterator[list[int]]:
    """Call all the time, each time about another message; the answers so far."""
    answers: list[int] = []
    enough = threading.Event()

    def call_on() -> None:
        while not enough.is_set():
            answers.append(call(proxy, f"/twilio/status/{uuid4()}", a_status()).status)

    with ThreadPoolExecutor(callers) as pool:
        running = [pool.submit(call_on) for _ in range(callers)]
        try:
            yield answers
        finally:
            enough.set()
            for one in running:
                one.result()


def eventually_more_of(answers: list[int], count: int = 50) -> None:
    wanted = len(answers) + count
    eventually(lambda: len(answers) >= wanted, f"{count} more answers", instead=lambda: set(answers))


def test_a_flood_is_put_off_once_the_reserve_is_used(tmp_path: Path) -> None:
    with nginx_before(NOBODY, tmp_path, CALLBACK_RATE="1r/m", CALLBACK_RESERVE="2") as proxy:
        answers = [call(proxy, "/twilio/status", a_status()).status for _ in range(4)]
    assert answers == [502, 502, 502, 503]


def test_nothing_is_taken_in_clear_but_questions_about_certificates(tmp_path: Path) -> None:
    proof = tmp_path / ".well-known" / "acme-challenge" / "token"
    proof.parent.mkdir(parents=True)
    proof.write_text("proof")
    with nginx_before(NOBODY, tmp_path) as proxy:
        answers = [
            proxy.ask_in_clear("POST", "/twilio/status"),
            proxy.ask_in_clear("GET", "/"),
            proxy.ask_in_clear("GET", "/.well-known/acme-challenge/token"),
        ]
    assert [answer.status for answer in answers] == [403, 403, 200]


def test_answers_carry_the_headers_of_security_and_no_version(tmp_path: Path) -> None:
    with nginx_before(NOBODY, tmp_path) as proxy:
        headers = proxy.ask("GET", "/").headers
    assert headers["Strict-Transport-Security"] == "max-age=63072000"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Server"] == "nginx"


def test_its_log_has_one_event_a_line_without_what_a_query_holds(tmp_path: Path) -> None:
    with nginx_before(NOBODY, tmp_path) as proxy:
        proxy.ask("POST", "/twilio/inbound?From=%2B15558675310&Body=secret")
        line = eventually(
            lambda: next((line for line in proxy.log.splitlines() if "inbound" in line), None), "the line of the log"
        )
    event = json.loads(line)
    assert (event["method"], event["path"], event["status"]) == ("POST", "/twilio/inbound", 502)
    assert "5558675310" not in proxy.log
    assert "secret" not in proxy.log


def shake_hands(proxy: Proxy, context: ssl.SSLContext) -> tuple[str | None, str | None]:
    """Return the version of TLS and the protocol that were agreed on."""
    with (
        socket.create_connection(("127.0.0.1", proxy.https_port), 60) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as wrapped,
    ):
        return wrapped.version(), wrapped.selected_alpn_protocol()


def test_it_speaks_http_2_and_tls_from_1_2_on(tmp_path: Path) -> None:
    with nginx_before(NOBODY, tmp_path) as proxy:
        proxy.trusting.set_alpn_protocols(["h2", "http/1.1"])
        assert shake_hands(proxy, proxy.trusting) == ("TLSv1.3", "h2")
        proxy.trusting.maximum_version = ssl.TLSVersion.TLSv1_2
        assert shake_hands(proxy, proxy.trusting) == ("TLSv1.2", "h2")
        proxy.trusting.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of the old version, which is the point
            proxy.trusting.minimum_version = proxy.trusting.maximum_version = ssl.TLSVersion.TLSv1_1
        with pytest.raises(ssl.SSLError, match="ALERT_PROTOCOL_VERSION"):
            shake_hands(proxy, proxy.trusting)


def test_its_head_explains_every_variable_and_the_example_sets_each() -> None:
    text = TEMPLATE.read_text("utf-8")
    explained = {line.split()[1] for line in text.splitlines() if line.startswith("#   ")}
    assert explained == set(VARIABLE.findall(text)) == set(shipped_variables())


def test_the_script_fills_in_what_the_example_sets_and_leaves_the_variables_of_nginx() -> None:
    program("envsubst")
    done = subprocess.run([FOLDER / "fill-in", FOLDER / "nginx.env"], capture_output=True, text=True, check=True)
    site = done.stdout
    assert VARIABLE.findall(site) == []
    assert site == VARIABLE.sub(lambda match: shipped_variables()[match[1]], TEMPLATE.read_text("utf-8"))
