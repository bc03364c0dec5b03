"""What another shell has to be told, so that commands in it reach the same pipeline."""

import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

from messaging_pipeline.secret_sources.reference import parse_reference
from messaging_pipeline.settings import Settings
from messaging_pipeline.stack.child_environment import is_set
from messaging_pipeline.stack.local import LocalStack

#: These are each process' own.
_NOT_SHARED = frozenset(
    {"HOST", "PORT", "MESSAGING_METRICS_HOST", "MESSAGING_METRICS_PORT", "PROMETHEUS_MULTIPROC_DIR"}
)


def how_to_join(stack: LocalStack) -> list[str]:
    """Return the lines for another shell; of what the caller has set, which may be secret, only the names."""
    exports = [f"export {name}={shlex.quote(value)}" for name, value in sorted(stack.made.items())]
    callers_own = sorted(name for name in _wanted(stack) if is_set(stack.given, name) and name not in stack.made)
    lines = [
        "To use it from another shell, paste the following there. The secrets in it were made up for this folder:",
        "they open the simulator and this machine's private servers, and nothing else.",
        *(["Ports have changed: what an earlier run printed is no longer good."] if stack.has_moved else []),
        "",
        *exports,
    ]
    if callers_own:
        lines.append(f"# Set here too what you have set there: {', '.join(callers_own)}")
    return [*lines, ""]


def _wanted(stack: LocalStack) -> set[str]:
    """Every variable that our settings, or a reference in messaging.toml, would read."""
    ours = {str(field.alias) for field in Settings.model_fields.values() if field.alias} - _NOT_SHARED
    path = stack.made.get("MESSAGING_CONFIG")
    declared = tomllib.loads(Path(path).read_text("utf-8-sig")) if path else {}
    return ours | set(_variables(declared))


def _variables(declared: object) -> Iterator[str]:
    """The names in all references ``env:NAME``, wherever they stand."""
    if isinstance(declared, dict | list):
        for value in declared.values() if isinstance(declared, dict) else declared:
            yield from _variables(value)
    elif isinstance(declared, str) and declared.startswith("env:"):
        yield parse_reference(declared).place
