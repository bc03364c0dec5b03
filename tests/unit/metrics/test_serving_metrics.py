"""A page for a process, or for all processes of a host that count in one folder."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.metrics.serving import serve_metrics

TWO_PROCESSES = """
import os
from prometheus_client import generate_latest
from messaging_pipeline.metrics import record_accepted
from messaging_pipeline.metrics.serving import page_of

record_accepted("default", 2)
if os.fork() == 0:
    record_accepted("default", 3)
    os._exit(0)
os.wait()
print(generate_latest(page_of(os.environ["PROMETHEUS_MULTIPROC_DIR"])).decode())
"""


def test_a_port_that_is_taken_is_named_with_the_cure() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InvalidSettings, match=rf"MESSAGING_METRICS_PORT.*127\.0\.0\.1:{port}.*port of its own"):
            serve_metrics(port, "127.0.0.1")


def test_processes_that_share_a_folder_have_one_page(tmp_path: Path) -> None:
    child = subprocess.run(
        [sys.executable, "-c", TWO_PROCESSES],
        env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert 'messaging_accepted_total{service="default"} 5.0' in child.stdout
