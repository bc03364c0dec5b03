"""Looking at media: what a server gives to everybody, and where we do not let ourselves be led."""

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from messaging_pipeline.media.addresses import place_of
from messaging_pipeline.media.checking import MediaChecks
from messaging_pipeline.media.findings import File, Limits, NotNow, Unfit
from messaging_pipeline.media.looking import LARGEST_BYTES, look_at
from tests.support.stand_in import Received, Script, answering, closing, stand_in
from tests.support.tls import self_signed

HERE = Limits(allow_http=True, private_hosts=frozenset({"127.0.0.1"}))
ANYWHERE = Limits(allow_http=True)
PICTURE = {"Content-Type": "image/jpeg; charset=binary"}


def a_minute() -> float:
    return time.monotonic() + 60


def by_path(**scripts: Script) -> Script:
    """Answer each path by a script of its own."""

    def script(request: Received, connection: socket.socket) -> bool:
        return scripts[request.target.strip("/").partition("?")[0]](request, connection)

    return script


def redirecting(url: str) -> Script:
    return answering(302, headers={"Location": url})


def look(script: Script, path: str = "/a", limits: Limits = HERE) -> File:
    with stand_in(script) as server:
        return look_at(server.url + path, limits, a_minute())


def test_a_picture_has_the_type_and_the_size_that_its_server_says() -> None:
    assert look(answering(200, "x" * 1000, PICTURE)) == File("image/jpeg", 1000)


def test_no_more_than_the_head_is_needed_of_a_file_that_says_its_size() -> None:
    assert look(answering(200, "x", PICTURE, missing_bytes=10_000_000)).size_bytes == 10_000_001


def test_a_file_that_does_not_say_its_size_is_measured_as_far_as_it_matters() -> None:
    def endless(request: Received, connection: socket.socket) -> bool:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n\r\n")
        try:
            while True:
                connection.sendall(b"x" * 65536)
        except OSError:
            return False

    assert LARGEST_BYTES < look(endless).size_bytes < 2 * LARGEST_BYTES


def test_it_is_asked_without_cookies_or_credentials_also_after_a_redirect() -> None:
    script = by_path(a=answering(302, headers={"Location": "/b?x=1", "Set-Cookie": "who=me"}), b=answering(200, "x"))
    with stand_in(script) as server:
        look_at(server.url + "/a", HERE, a_minute())
        assert [request.target for request in server.requests] == ["/a", "/b?x=1"]
        for request in server.requests:
            assert not {"cookie", "authorization"} & request.headers.keys()
            assert request.headers["host"] == f"127.0.0.1:{server.port}"


def test_a_redirect_to_a_private_address_is_not_followed() -> None:
    with stand_in(answering(200, "secret")) as inner:
        with pytest.raises(Unfit, match="private address"):
            look(redirecting(f"http://localhost:{inner.port}/"))
        assert inner.requests == []


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://10.1.2.3/",
        "http://169.254.169.254/latest/meta-data",
        "http://192.168.1.1:8080/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://[fd00::1]/",
        "http://0.0.0.0/",
        "http://100.64.0.1/",
        "http://224.0.0.1/",
        "http://2130706433/",
        "http://localhost/",
    ],
)
def test_a_private_address_is_not_connected_to(url: str) -> None:
    with pytest.raises(Unfit, match="private address"):
        place_of(url, ANYWHERE)


def test_a_public_address_is_taken_as_it_was_looked_up() -> None:
    place = place_of("https://93.184.216.34/a?b=c", Limits())
    assert (place.address, place.port, place.target, place.tls) == ("93.184.216.34", 443, "/a?b=c", True)


@pytest.mark.parametrize(
    "url",
    [
        "http://93.184.216.34/",
        "ftp://93.184.216.34/",
        "ftp://93.184.216.34:80/",
        "gopher://93.184.216.34:6379/",
        "https://[::1/",
        "https:///a",
    ],
)
def test_only_https_is_followed_unless_the_service_says_otherwise(url: str) -> None:
    with pytest.raises(Unfit):
        place_of(url, Limits())


@pytest.mark.parametrize(
    ("script", "error", "word"),
    [
        (answering(404), Unfit, "HTTP 404"),
        (answering(403), Unfit, "not for everybody"),
        (answering(401), Unfit, "not for everybody"),
        (redirecting("/a"), Unfit, "redirected more than"),
        (answering(503), NotNow, "HTTP 503"),
        (answering(429), NotNow, "HTTP 429"),
        (closing, NotNow, "does not answer"),
    ],
)
def test_what_cannot_be_had_is_told_apart_from_what_cannot_be_had_now(
    script: Script, error: type[Exception], word: str
) -> None:
    with pytest.raises(error, match=word):
        look(script)


def test_nobody_is_asked_after_the_deadline() -> None:
    with stand_in(answering(200, "x")) as server:
        with pytest.raises(NotNow, match="too long"):
            look_at(server.url, HERE, time.monotonic() - 1)
        assert server.requests == []


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nConnection: close\r\n"


@pytest.mark.parametrize("at_once", [HEAD + b"X: ", HEAD + b"\r\n"], ids=["its head", "its body"])
def test_a_server_that_speaks_a_byte_at_a_time_is_hung_up_on_at_the_deadline(at_once: bytes) -> None:
    hung_up = threading.Event()

    def dripping(request: Received, connection: socket.socket) -> bool:
        connection.sendall(at_once)
        for _ in range(100):
            try:
                connection.sendall(b"x")
            except OSError:
                hung_up.set()
                break
            time.sleep(0.05)
        return False

    with stand_in(dripping) as server, pytest.raises(NotNow):
        look_at(server.url, HERE, time.monotonic() + 0.5)
    assert hung_up.is_set()


def test_a_server_with_tls_is_looked_at_by_the_name_that_was_asked_for(tmp_path: Path) -> None:
    of_server, of_client = self_signed(tmp_path)
    with stand_in(answering(200, "x", PICTURE), of_server) as server:
        assert look_at(f"{server.url}/a", HERE, a_minute(), of_client) == File("image/jpeg", 1)


def test_a_server_whose_certificate_nobody_trusts_is_not_looked_at(tmp_path: Path) -> None:
    of_server, _ = self_signed(tmp_path)
    with stand_in(answering(200, "x", PICTURE), of_server) as server, pytest.raises(NotNow):
        look_at(f"{server.url}/a", HERE, a_minute())


class Counted:
    """Files by URL, and how often each was looked at."""

    def __init__(self, **files: File) -> None:
        self.files = files
        self.looked: list[str] = []

    def __call__(self, url: str, limits: Limits, deadline: float) -> File:
        self.looked.append(url)
        if url not in self.files:
            raise Unfit("is not there (HTTP 404)")
        return self.files[url]


@pytest.mark.parametrize(
    ("files", "word"),
    [
        ({"a": File("image/png", 6_000_000)}, "media 1 has 5.7 MB"),
        ({"a": File("image/png", 3_000_000), "b": File("video/mp4", 3_000_000)}, "together"),
        ({"a": File("image/png", 10), "b": File("text/html", 10)}, "media 2 is of a type"),
        ({"a": File("", 10)}, "media 1 is of a type"),
        ({"a": File("image/png", 0)}, "media 1 is empty"),
    ],
)
def test_media_that_twilio_does_not_take_are_named_by_number(files: dict[str, File], word: str) -> None:
    with pytest.raises(Unfit, match=word):
        MediaChecks(Counted(**files)).check(list(files), ANYWHERE, 0)


def test_a_file_above_the_advised_size_is_told_and_goes() -> None:
    checks = MediaChecks(Counted(a=File("image/png", 10), b=File("application/pdf", 700_000)))
    (advice,) = checks.check(["a", "b"], ANYWHERE, 0)
    assert advice.startswith("media 2 has 683 KB")


@pytest.fixture
def seconds() -> Callable[..., float]:
    """A clock that is moved by what it is told."""
    now = [1000.0]

    def move(by: float = 0.0) -> float:
        now[0] += by
        return now[0]

    return move


def test_what_was_fine_is_remembered_for_some_minutes_and_what_was_not_is_not(seconds: Callable[..., float]) -> None:
    looks = Counted(a=File("image/png", 10))
    checks = MediaChecks(looks, seconds)
    for _ in range(3):
        checks.check(["a"], ANYWHERE, 0)
        with pytest.raises(Unfit):
            checks.check(["b"], ANYWHERE, 0)
    assert looks.looked == ["a", "b", "b", "b"]
    seconds(301)
    checks.check(["a"], ANYWHERE, 0)
    assert looks.looked.count("a") == 2


def test_what_one_service_permits_is_not_remembered_for_another() -> None:
    looks = Counted(a=File("image/png", 10))
    checks = MediaChecks(looks)
    for limits in (ANYWHERE, Limits()):
        checks.check(["a"], limits, 0)
    assert looks.looked == ["a", "a"]


def test_no_error_repeats_the_address() -> None:
    with stand_in(answering(404)) as server, pytest.raises(Unfit) as refusal:
        MediaChecks().check([f"{server.url}/private?sig=secret"], HERE, a_minute())
    assert "secret" not in str(refusal.value)
    assert str(server.port) not in str(refusal.value)
