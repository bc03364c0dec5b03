"""What the files for Kubernetes come to, as kubectl renders them."""

import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from tests.support.operators_programs import program
from tests.support.product_source import PROJECT

FOLDER = PROJECT / "docs" / "deploy" / "kubernetes"

Resource = dict[str, Any]


@cache
def _rendered(folder: Path) -> str:
    command = [str(program("kubectl")), "kustomize", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def resources(kustomization: str | Path = "production") -> list[Resource]:
    """Everything that a kustomization, ours or one at a path, makes; skips the test where there is no kubectl."""
    return list(yaml.safe_load_all(_rendered(FOLDER / kustomization)))


def of_kind(kind: str, kustomization: str | Path = "production") -> dict[str, Resource]:
    """The resources of a kind by name."""
    return {one["metadata"]["name"]: one for one in resources(kustomization) if one["kind"] == kind}


def pods() -> dict[str, Resource]:
    """The pods' specs by the name of what makes them."""
    made = {**of_kind("Deployment"), **of_kind("Job")}
    return {name: one["spec"]["template"]["spec"] for name, one in made.items()}


def container(pod: Resource) -> Resource:
    (found,) = pod["containers"]
    return dict(found)
