"""The files for Kubernetes make pods that run what the stack runs, with no more rights than that takes."""

import os
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack import command_lines
from tests.support import cluster_rules
from tests.support.cluster_files import FOLDER, container, of_kind, pods, resources
from tests.support.factories import configuration_file, settings
from tests.support.product_source import PROJECT

COMMANDS = {
    "messaging-migrate-pre": ("messaging-pipeline", "migrate", "--pre"),
    "messaging-migrate-post": ("messaging-pipeline", "migrate", "--post"),
    "messaging-migrate-all": ("messaging-pipeline", "migrate"),
    "webhooks": command_lines.WEBHOOKS,
    "worker-deliver": command_lines.DELIVER_WORKER,
    "worker-events": command_lines.EVENTS_WORKER,
    "beat": command_lines.BEAT,
}
WORKERS = ("worker-deliver", "worker-events")
STEADY = ("webhooks", *WORKERS)

of_every_pod = pytest.mark.parametrize("name", COMMANDS)


def variables() -> dict[str, str]:
    (found,) = [one["data"] for name, one in of_kind("ConfigMap").items() if name.startswith("messaging-environment")]
    return dict(found)


def policy(name: str) -> dict[str, Any]:
    return dict(of_kind("NetworkPolicy")[name]["spec"])


def ports(rules: list[dict[str, Any]]) -> set[int]:
    return {port["port"] for rule in rules for port in rule["ports"]}


def reaches(component: str) -> set[int]:
    """The ports outside that the pods of a component may call."""
    opened = set()
    for one in of_kind("NetworkPolicy").values():
        selector = one["spec"]["podSelector"]
        (among,) = selector.get("matchExpressions", [{"values": [component]}])
        if component in among["values"] and "matchLabels" not in selector:
            opened |= ports(one["spec"].get("egress", []))
    return opened


def test_every_process_is_started_by_its_own_line() -> None:
    assert {name: tuple(container(pod)["command"]) for name, pod in pods().items()} == COMMANDS


@of_every_pod
def test_a_pod_may_do_nothing_but_run(name: str) -> None:
    pod, main = pods()[name], container(pods()[name])
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert main["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }
    assert pod["automountServiceAccountToken"] is False
    assert f"USER {pod['securityContext']['runAsUser']}" in (PROJECT / "Dockerfile").read_text("utf-8")
    assert main["resources"]["limits"].keys() == {"memory"}


@of_every_pod
def test_a_pod_can_write_where_it_runs_and_gets_no_variables_of_the_clusters(name: str) -> None:
    pod, main = pods()[name], container(pods()[name])
    mounted = {mount["mountPath"] for mount in main["volumeMounts"] if not mount.get("readOnly")}
    assert mounted == {main["workingDir"], "/tmp"}
    assert pod["enableServiceLinks"] is False


def test_the_pods_are_told_only_what_there_is_and_read_secrets_from_elsewhere() -> None:
    known = {field.alias for field in Settings.model_fields.values()}
    assert set(variables()) - known == set()
    assert of_kind("Secret") == {}
    for pod in pods().values():
        main = container(pod)
        assert "env" not in main
        assert {"secretRef": {"name": "messaging-secrets"}} in main["envFrom"]


def test_the_pods_log_one_event_a_line() -> None:
    assert variables()["MESSAGING_LOG_FORMAT"] == "json"


def test_the_variables_name_the_ports_that_are_opened_and_asked() -> None:
    told = variables()
    served = {port["name"]: port["containerPort"] for port in container(pods()["webhooks"])["ports"]}
    assert served == {"http": int(told["PORT"]), "metrics": int(told["MESSAGING_METRICS_PORT"])}
    assert told["HOST"] == told["MESSAGING_METRICS_HOST"] == "0.0.0.0"
    assert ports(policy("webhooks-from-the-proxy")["ingress"]) == {served["http"]}
    assert ports(policy("metrics-from-monitoring")["ingress"]) == {served["metrics"]}


@pytest.mark.parametrize("path", sorted(FOLDER.rglob("messaging.toml")), ids=lambda path: path.parent.name)
def test_the_example_of_tenants_and_services_can_be_loaded(path: Path, tmp_path: Path) -> None:
    given = settings(MESSAGING_CONFIG=configuration_file(tmp_path, path.read_text("utf-8")))
    assert load_configuration(given).services


def test_pods_find_the_file_of_tenants_where_they_are_told_to_look() -> None:
    told = Path(variables()["MESSAGING_CONFIG"])
    (files,) = [one["data"] for name, one in of_kind("ConfigMap").items() if name.startswith("messaging-files")]
    assert told.name in files
    for pod in pods().values():
        assert str(told.parent) in {mount["mountPath"] for mount in container(pod)["volumeMounts"]}


def test_webhooks_are_asked_whether_they_live_and_whether_they_could_hand_over() -> None:
    main = container(pods()["webhooks"])
    assert main["livenessProbe"]["httpGet"]["path"] == "/healthz"
    assert main["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert main["lifecycle"]["preStop"]["exec"]["command"][0] == "sleep"


@pytest.mark.parametrize("name", WORKERS)
def test_workers_are_asked_at_their_metrics_port(name: str) -> None:
    main = container(pods()[name])
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert main[probe]["httpGet"] == {"path": "/metrics", "port": "metrics"}


@pytest.mark.parametrize("name", WORKERS)
def test_workers_get_the_time_to_stop_that_operators_are_told(name: str) -> None:
    told = " ".join((PROJECT / "docs" / "operations.md").read_text("utf-8").split())
    seconds = pods()[name]["terminationGracePeriodSeconds"]
    assert f"{name.removeprefix('worker-')} workers {seconds} s" in told


@pytest.mark.parametrize("name", STEADY)
def test_there_are_two_of_what_must_not_stop_and_one_goes_at_a_time(name: str) -> None:
    assert of_kind("Deployment", "base")[name]["spec"]["replicas"] == 2
    budget = of_kind("PodDisruptionBudget")[name]["spec"]
    deployment = of_kind("Deployment")[name]["spec"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == deployment["selector"]


def test_what_scales_a_deployment_owns_its_number() -> None:
    scalers = [*of_kind("ScaledObject").values(), *of_kind("HorizontalPodAutoscaler").values()]
    assert {one["spec"]["scaleTargetRef"]["name"] for one in scalers} == set(STEADY)
    assert {name for name, one in of_kind("Deployment").items() if "replicas" not in one["spec"]} == set(STEADY)


def test_everything_is_closed_and_each_process_reaches_only_what_it_needs() -> None:
    assert policy("closed") == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    names_and_broker = {53, 6379, 5672, 5671}
    assert reaches("webhooks") == reaches("beat") == names_and_broker
    assert reaches("migrate") == names_and_broker | {5432}
    assert reaches("worker-deliver") == reaches("worker-events") == names_and_broker | {5432, 443, 465, 587}


def test_nobody_reaches_the_addresses_where_a_cloud_keeps_credentials() -> None:
    (rule,) = policy("outside-for-workers")["egress"]
    assert [peer["ipBlock"]["except"][0] for peer in rule["to"]] == ["169.254.0.0/16", "fe80::/10"]


def test_the_proxy_is_given_the_paths_of_webhooks_and_no_others() -> None:
    (ingress,) = of_kind("Ingress").values()
    assert {path["path"] for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]} == {
        "/twilio/",
        "/sendgrid/events",
    }
    assert ingress["spec"]["rules"][0]["host"] in variables()["TWILIO_STATUS_CALLBACK_PUBLIC_URL"]


def labelled(*components: str) -> set[str]:
    """The names, without their checksums, of what `kubectl apply -l` selects by these components."""
    return {
        re.sub(r"-[a-z0-9]{10}$", "", one["metadata"]["name"])
        for one in resources()
        if one["metadata"].get("labels", {}).get("app.kubernetes.io/component") in components
    }


def test_the_phases_of_an_update_can_be_applied_one_by_one() -> None:
    ground = {"messaging", "messaging-environment", "messaging-files"}
    assert labelled("ground", "migrate-pre") == ground | {"messaging-migrate-pre"}
    assert labelled("ground", "migrate-all") == ground | {"messaging-migrate-all"}
    assert labelled("migrate-post") == {"messaging-migrate-post"}
    assert {pod["restartPolicy"] for name, pod in pods().items() if "migrate" in name} == {"Never"}


@pytest.fixture
def monitored(tmp_path: Path) -> Path:
    """A copy of the example that takes in what it leaves open."""
    shutil.copytree(FOLDER / "production", tmp_path / "mine")
    told = tmp_path / "mine" / "kustomization.yaml"
    text = told.read_text("utf-8").replace("# - ../monitoring", "- ../monitoring")
    told.write_text(re.sub(r"- \.\./", f"- {os.path.relpath(FOLDER, tmp_path / 'mine')}/", text), "utf-8")
    return tmp_path / "mine"


def test_the_operator_of_prometheus_asks_every_pod_that_serves_metrics_by_the_name_that_alerts_know(
    monitored: Path,
) -> None:
    (asked,) = (one["spec"] for one in of_kind("PodMonitor", monitored).values())
    (endpoint,) = asked["podMetricsEndpoints"]
    templates = {name: one["spec"]["template"] for name, one in of_kind("Deployment", monitored).items()}
    selected = {
        name
        for name, template in templates.items()
        if asked["selector"]["matchLabels"].items() <= template["metadata"]["labels"].items()
        and endpoint["port"] in {port["name"] for port in container(template["spec"]).get("ports", [])}
    }
    assert selected == set(STEADY)
    named = {templates[name]["metadata"]["labels"][asked["jobLabel"]] for name in selected}
    assert named == set(re.findall(r'job="([^"]+)"', cluster_rules.ALERTS.read_text("utf-8")))


def test_the_operator_of_prometheus_is_given_the_alerts_word_for_word(monitored: Path) -> None:
    assert cluster_rules.RULES.read_text("utf-8") == cluster_rules.as_resource(), (
        "run: python -m tests.support.cluster_rules"
    )
    (rule,) = of_kind("PrometheusRule", monitored).values()
    assert rule["spec"] == yaml.safe_load(cluster_rules.ALERTS.read_text("utf-8"))


def test_every_file_is_used() -> None:
    for folder in ("base", "scaling", "monitoring", "production"):
        text = (FOLDER / folder / "kustomization.yaml").read_text("utf-8")
        others = {path.name for path in (FOLDER / folder).iterdir()} - {"kustomization.yaml"}
        assert [name for name in others if name not in text] == [], folder
        assert yaml.safe_load(text)["kind"] in {"Kustomization", "Component"}
