"""The files for production agree with the product: compose, image, locks, settings, and what CI runs."""

import os
import re
import tomllib
from importlib.metadata import requires
from typing import Any

import yaml
from cryptography.fernet import Fernet
from packaging.requirements import Requirement

from messaging_pipeline.settings import Settings
from messaging_pipeline.stack import command_lines
from tests.support.product_source import PROJECT

COMMANDS = {
    "migrate": ("messaging-pipeline", "migrate"),
    "webhooks": command_lines.WEBHOOKS,
    "worker-deliver": command_lines.DELIVER_WORKER,
    "worker-events": command_lines.EVENTS_WORKER,
    "beat": command_lines.BEAT,
}
SERVERS = {"postgres", "valkey"}
BY_PROFILE = {"simulator": "simulator", "proxy": "proxy", "prometheus": "monitoring", "grafana": "monitoring"} | {
    "rabbitmq": "rabbitmq"
}
TO_FILL_IN = {"POSTGRES_PASSWORD", "MESSAGING_ENCRYPTION_KEYS"}
OF_COMPOSE = {"POSTGRES_PASSWORD", "COMPOSE_PROFILES", "PUBLIC_NAME", "TLS_FOLDER", "ACME_FOLDER", "RABBITMQ_PASSWORD"}


def read(name: str) -> str:
    return (PROJECT / name).read_text("utf-8")


def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(read("compose.yaml"))
    return loaded


def services() -> dict[str, Any]:
    found: dict[str, Any] = compose()["services"]
    return found


def example_settings(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines() if "=" in line and not line.startswith("#"))


def pins(lock: str) -> dict[str, str]:
    """The versions of a lock by package."""
    return dict(re.findall(r"^([a-z0-9.-]+)==([^ ;]+)", read(lock), re.MULTILINE))


def test_compose_starts_every_process_with_its_own_line() -> None:
    assert {name: tuple(services()[name]["command"]) for name in COMMANDS} == COMMANDS


def test_compose_starts_everything_else_only_when_it_is_asked_to() -> None:
    assert {name: one["profiles"] for name, one in services().items() if "profiles" in one} == {
        name: [profile] for name, profile in BY_PROFILE.items()
    }
    assert tuple(services()["simulator"]["command"][:3]) == command_lines.SIMULATOR
    assert set(services()) == {*COMMANDS, *SERVERS, *BY_PROFILE}


def test_compose_publishes_only_the_proxy_beyond_this_host() -> None:
    assert {name: one["ports"] for name, one in services().items() if "ports" in one} == {
        "webhooks": ["127.0.0.1:3000:3000"],
        "prometheus": ["127.0.0.1:9090:9090"],
        "grafana": ["127.0.0.1:3001:3000"],
        "proxy": ["443:443", "80:80"],
    }


def test_the_files_for_production_ask_for_the_image_of_this_version() -> None:
    version = tomllib.loads(read("pyproject.toml"))["project"]["version"]
    (image,) = yaml.safe_load(read("docs/deploy/kubernetes/production/kustomization.yaml"))["images"]
    assert {services()[name]["image"] for name in COMMANDS} == {f"messaging-pipeline:{version}"}
    assert image["newTag"] == version


def test_compose_keeps_secrets_in_the_env_file() -> None:
    assert all(services()[name]["env_file"] == [".env"] for name in COMMANDS)
    passwords = re.findall(r"PASS(?:WORD)?: (.*)", read("compose.yaml"))
    assert passwords == ["${POSTGRES_PASSWORD:?set it in .env}", "${RABBITMQ_PASSWORD:-}"]


def test_compose_sets_only_variables_that_there_are() -> None:
    known = {field.alias for field in Settings.model_fields.values()}
    assert {name for service in COMMANDS for name in services()[service]["environment"]} - known == set()


def test_compose_migrates_before_anything_else_of_ours_starts() -> None:
    assert services()["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}
    for name in set(COMMANDS) - {"migrate"}:
        assert services()[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}, name


def test_compose_looks_after_the_health_of_everything_that_can_be_asked() -> None:
    unasked = {name for name, one in services().items() if "healthcheck" not in one}
    assert unasked == {"migrate", "beat"}


def test_compose_keeps_what_valkey_holds_and_evicts_nothing() -> None:
    command = " ".join(services()["valkey"]["command"])
    assert "--appendonly yes" in command
    assert "--maxmemory-policy noeviction" in command
    mounted = {mount.partition(":")[0] for one in services().values() for mount in one.get("volumes", [])}
    assert {name for name in mounted if name.endswith("-data")} == set(compose()["volumes"])


def test_workers_get_the_time_to_stop_that_operators_are_told() -> None:
    told = " ".join(read("docs/operations.md").split())
    for name, kind in (("worker-deliver", "deliver workers"), ("worker-events", "events workers")):
        seconds = services()[name]["stop_grace_period"].removesuffix("s")
        assert f"{kind} {seconds} s" in told


def test_the_example_of_the_settings_starts_a_pipeline_once_its_blanks_are_filled() -> None:
    given = example_settings(read(".env.example"))
    assert {name for name, value in given.items() if not value} == TO_FILL_IN
    made = Settings.from_environment({**given, "MESSAGING_ENCRYPTION_KEYS": Fernet.generate_key().decode()})
    assert made.sealing_keys()


def test_the_example_of_the_settings_names_only_variables_that_there_are() -> None:
    known = {field.alias for field in Settings.model_fields.values()} | OF_COMPOSE
    named = set(re.findall(r"^#? ?([A-Z][A-Z_]+)=", read(".env.example"), re.MULTILINE))
    assert named - known == set()


def test_the_example_of_the_settings_leads_to_the_simulator_as_compose_starts_it() -> None:
    given, command = example_settings(read(".env.example")), services()["simulator"]["command"]
    assert given["TWILIO_API_BASE_URL"] == f"http://simulator:{command[command.index('--port') + 1]}"
    assert given["SMTP_URL"] == f"smtp://simulator:{command[command.index('--smtp-port') + 1]}"
    assert given["TWILIO_STATUS_CALLBACK_PUBLIC_URL"].startswith("http://webhooks:3000/")


def test_the_image_is_built_from_locked_wheels_and_does_not_run_as_root() -> None:
    lines = re.sub(r"\\\n\s*", "", read("Dockerfile")).splitlines()
    installs = [
        part for line in lines for part in line.split("&&") if "pip install" in part and "--no-deps" not in part
    ]
    assert [part for part in installs if "--require-hashes --only-binary=:all:" not in part] == []
    assert len(installs) == 2
    assert [line for line in lines if line.startswith("USER ")] == ["USER 10001"]


def test_the_image_gets_every_file_that_it_copies() -> None:
    copied = {
        name.removeprefix("./").rstrip("/")
        for line in read("Dockerfile").splitlines()
        if line.startswith("COPY ") and "--from" not in line
        for name in line.split()[1:-1]
    }
    sent = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
    assert copied == sent
    assert [name for name in copied if not (PROJECT / name).exists()] == []


def test_production_runs_the_versions_that_were_tested() -> None:
    tested = pins("requirements.lock")
    assert {name: version for name, version in pins("requirements-prod.lock").items() if tested[name] != version} == {}


def test_production_has_nothing_that_is_for_developers_or_laptops_only() -> None:
    project = tomllib.loads(read("pyproject.toml"))
    extras = project["project"]["optional-dependencies"]
    groups = [one for group in project["dependency-groups"].values() for one in group if isinstance(one, str)]
    named = [*groups, *extras["local"]]
    of_the_simulator = {"aiohttp", "aiosmtpd"}
    of_push = {Requirement(text).name for text in extras["push"]}  # the demonstration sends notifications too
    unwanted = {Requirement(text).name for text in named} - of_the_simulator - of_push
    assert unwanted & set(pins("requirements-prod.lock")) == set()


def test_production_has_what_every_extra_needs_but_that_for_laptops() -> None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    wanted = {Requirement(text).name for name, needs in extras.items() if name != "local" for text in needs}
    assert wanted - set(pins("requirements-prod.lock")) == set()
    for name in set(extras) - {"local"}:
        assert f"--extra {name} " in read("Makefile")
        assert f"`{name}`" in read("docs/installing.md")


def test_production_has_all_that_celery_needs_for_redis() -> None:
    of_redis = [Requirement(text) for text in requires("kombu") or [] if 'extra == "redis"' in text.replace("'", '"')]
    assert {one.name for one in of_redis} != set()
    assert {one.name for one in of_redis} - set(pins("requirements-prod.lock")) == set()


def test_ci_and_the_commit_hook_run_what_a_developer_runs() -> None:
    script = read(".ci/run")
    assert os.access(PROJECT / ".ci" / "run", os.X_OK)
    assert re.findall(r"^make (\w+)$", script, re.MULTILINE) == ["lint", "test"]
    assert [
        hook["entry"] for repo in yaml.safe_load(read(".pre-commit-config.yaml"))["repos"] for hook in repo["hooks"]
    ] == ["make lint"]


def test_the_workflow_has_no_rights_and_runs_the_script_on_every_python_we_support() -> None:
    workflow = yaml.safe_load(read(".github/workflows/ci.yml"))
    (job,) = workflow["jobs"].values()
    assert workflow["permissions"] == {}
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]
    assert [step for step in job["steps"] if "uses" in step and not re.search(r"@v\d+\.\d+\.\d+$", step["uses"])] == []
    oldest = tomllib.loads(read("pyproject.toml"))["project"]["requires-python"].removeprefix(">=")
    assert job["strategy"]["matrix"]["python"][0] == oldest
