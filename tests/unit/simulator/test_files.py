"""Files of messages at the simulator: given to whom the account lets in, and kept where no credentials are taken."""

import urllib3

from messaging_pipeline.simulator.configuration import AccountConfig, SimulatorConfig
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.files import content_of
from messaging_pipeline.simulator.in_thread import simulator_in_thread

SID, TOKEN = "AC" + "a" * 32, "a-token"
SERVICE = "MG" + "b" * 32


def asked(url: str, credentials: str | None = None) -> urllib3.BaseHTTPResponse:
    headers = urllib3.make_headers(basic_auth=credentials) if credentials else {}
    with urllib3.PoolManager() as pool:
        return pool.request("GET", url, headers=headers, redirect=False, retries=False)


def test_a_file_is_at_another_origin_that_takes_no_credentials() -> None:
    with simulator_in_thread(SimulatorConfig()) as simulator:
        assert simulator.files_url != simulator.url
        with SimulatorControl(simulator.url) as control:
            assert control.state()["files_url"] == simulator.files_url
        url = f"{simulator.files_url}/files/cat.png?bytes=100"
        given = asked(url)
        assert (given.status, given.headers["Content-Type"], given.data) == (
            200,
            "image/png",
            content_of("cat.png", 100),
        )
        assert asked(url, f"{SID}:{TOKEN}").status == 400
        assert asked(f"{simulator.files_url}/files/cat.png?bytes=many").status == 400


def test_with_media_auth_only_the_account_is_led_to_a_file() -> None:
    other = AccountConfig("AC" + "c" * 32, "another-token")
    with simulator_in_thread(
        SimulatorConfig(accounts=(AccountConfig(SID, TOKEN, media_auth=True), other))
    ) as simulator:
        with SimulatorControl(simulator.url) as control:
            picture = f"{simulator.files_url}/files/cat.png"
            sid = control.receive_text("+14155550123", SERVICE, media_urls=(picture,))["sid"]
        listed = asked(f"{simulator.url}/2010-04-01/Accounts/{SID}/Messages/{sid}/Media.json", f"{SID}:{TOKEN}").json()
        url = simulator.url + listed["media_list"][0]["uri"].removesuffix(".json")
        assert [asked(url, who).status for who in (None, f"{other.sid}:{other.token}")] == [401, 401]
        led = asked(url, f"{SID}:{TOKEN}")
        assert (led.status, led.headers["Location"]) == (307, picture)
