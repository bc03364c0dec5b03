"""Serves the metrics of a process, or of all processes of a host that share a folder, on a private port."""

from prometheus_client import REGISTRY, CollectorRegistry, start_http_server
from prometheus_client.multiprocess import MultiProcessCollector

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.metrics.state import STATE


def serve_metrics(port: int, host: str, shared_folder: str | None = None) -> None:
    """Serve the metrics of this process on a port of their own, never on the public one.

    With ``shared_folder`` (``PROMETHEUS_MULTIPROC_DIR``), which prometheus_client itself reads when a process starts,
    the page has the sums of all processes that count there. Raises InvalidSettings when the port cannot be had.
    """
    try:
        start_http_server(port, addr=host, registry=page_of(shared_folder))
    except OSError as error:
        raise InvalidSettings(
            "MESSAGING_METRICS_PORT",
            f"nobody can listen on {host}:{port} ({error.strerror})",
            "give each process a port of its own, or stop whoever listens there",
        ) from None


def page_of(shared_folder: str | None) -> CollectorRegistry:
    """Return what the page shows: this process, or every one that counts in the folder."""
    if shared_folder is None:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=shared_folder)  # type: ignore[no-untyped-call]
    registry.register(STATE)
    return registry
