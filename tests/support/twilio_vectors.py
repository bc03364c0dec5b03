"""Recorded facts about Twilio, kept as data beside the tests."""

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent.parent / "data" / "twilio"


def recorded(name: str) -> Any:
    """Return a file of ``tests/data/twilio`` by its name without ending."""
    return json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
