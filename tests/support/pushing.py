"""The simulated Firebase as a tenant's project: its service account in a file, and the variables that lead there."""

import json
from pathlib import Path

from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.simulator.running import Simulator


def account_file(simulator: Simulator, folder: Path) -> str:
    """A reference to the key file of the simulated service account."""
    with SimulatorControl(simulator.url) as control:
        (folder / "firebase.json").write_text(json.dumps(control.service_account()), "utf-8")
    return f"file:{folder / 'firebase.json'}"


def variables(simulator: Simulator, folder: Path) -> dict[str, str]:
    """What lets the tenant ``default`` push."""
    return {"FCM_SERVICE_ACCOUNT": account_file(simulator, folder), "FCM_API_BASE_URL": simulator.url}
