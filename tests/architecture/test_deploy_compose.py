"""What compose.yaml adds by profile finds its files, and each file leads to what runs there."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from messaging_pipeline.settings import Settings
from tests.support.nginx_proxy import TEMPLATE, VARIABLE
from tests.support.operators_programs import program
from tests.support.product_source import PROJECT

FOLDER = PROJECT / "docs" / "deploy" / "compose"
RULES = "/etc/prometheus/rules"
NAMES = ("WORKDIR ", "USER ")


def services() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((PROJECT / "compose.yaml").read_text("utf-8"))["services"]
    return found


def mounts(name: str) -> dict[str, str]:
    """The folders and files of the project that a service sees, by where it sees them."""
    pairs = [mount.removesuffix(":ro").rsplit(":", 1) for mount in services()[name]["volumes"]]
    return {inside: outside for outside, inside in pairs if outside.startswith("./")}


def loaded(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text("utf-8"))
    return found


@pytest.mark.parametrize("name", ["proxy", "prometheus", "grafana"])
def test_what_is_mounted_is_there(name: str) -> None:
    assert [outside for outside in mounts(name).values() if not (PROJECT / outside).exists()] == []


def ours() -> dict[str, Any]:
    return {name: one for name, one in services().items() if one["image"].startswith("messaging-pipeline:")}


def test_what_is_ours_may_do_nothing_but_run_and_writes_only_where_it_runs() -> None:
    assert set(ours()) == {"migrate", "webhooks", "worker-deliver", "worker-events", "beat", "simulator"}
    image = (PROJECT / "Dockerfile").read_text("utf-8").splitlines()
    runs_in, runs_as = (next(line.split()[1] for line in image[::-1] if line.startswith(word)) for word in NAMES)
    for name, one in ours().items():
        assert one["read_only"] is True, name
        assert one["tmpfs"] == [f"{runs_in}:uid={runs_as},mode=0700", "/tmp"], name
        assert one["cap_drop"] == ["ALL"], name
        assert one["security_opt"] == ["no-new-privileges:true"], name


def test_the_proxy_is_told_every_variable_of_its_template() -> None:
    assert set(services()["proxy"]["environment"]) == set(VARIABLE.findall(TEMPLATE.read_text("utf-8")))
    assert mounts("proxy")["/etc/nginx/templates"] == f"./{TEMPLATE.parent.relative_to(PROJECT)}"
    assert services()["proxy"]["environment"]["WEBHOOKS"] == "webhooks:3000"


def test_prometheus_asks_every_process_that_serves_metrics() -> None:
    ((job,),) = ([one["dns_sd_configs"] for one in loaded("prometheus.yml")["scrape_configs"]],)
    ((asked,),) = (job,)
    measured = [name for name, one in services().items() if "MESSAGING_METRICS_PORT" in one.get("environment", {})]
    assert (sorted(asked["names"]), str(asked["port"])) == (sorted(measured), "9100")
    assert {services()[name]["environment"]["MESSAGING_METRICS_PORT"] for name in measured} == {"9100"}


def test_prometheus_accepts_its_configuration_with_the_shipped_rules(tmp_path: Path) -> None:
    told = (FOLDER / "prometheus.yml").read_text("utf-8")
    rules = PROJECT / mounts("prometheus")[RULES]
    (tmp_path / "prometheus.yml").write_text(told.replace(RULES, str(rules)), "utf-8")
    command = [str(program("promtool")), "check", "config", str(tmp_path / "prometheus.yml")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(re.findall(r"rules found", done.stdout)) == len(list(rules.glob("*.yml")))


def test_grafana_finds_prometheus_and_the_shipped_dashboards() -> None:
    (source,) = loaded("grafana-datasources.yml")["datasources"]
    (provider,) = loaded("grafana-dashboards.yml")["providers"]
    assert source["url"] == "http://prometheus:9090"
    assert mounts("grafana")[provider["options"]["path"]] == "./docs/deploy/grafana"


def test_grafana_lets_nobody_change_anything() -> None:
    told = services()["grafana"]["environment"]
    assert told["GF_AUTH_ANONYMOUS_ORG_ROLE"] == "Viewer"
    assert (told["GF_AUTH_DISABLE_LOGIN_FORM"], told["GF_AUTH_BASIC_ENABLED"]) == ("true", "false")


def test_rabbitmq_is_the_broker_that_the_example_of_the_settings_leads_to() -> None:
    (line,) = re.findall(r"^# (CELERY_BROKER_URL=.*)$", (PROJECT / ".env.example").read_text("utf-8"), re.MULTILINE)
    user = services()["rabbitmq"]["environment"]["RABBITMQ_DEFAULT_USER"]
    assert line == f"CELERY_BROKER_URL=amqp://{user}:PASSWORD@rabbitmq:5672/"
    assert Settings.from_environment(dict([line.split("=", 1)])).broker_url.startswith("amqp://")
    waits = services()["webhooks"]["depends_on"]["rabbitmq"]
    assert waits == {"condition": "service_healthy", "required": False}
