"""The crew of the proof: who ends unasked is a surprise, but for who has found no server."""

import sys
from pathlib import Path

import pytest

from messaging_pipeline.stack.processes import ProcessSpec, RunningProcess
from tests.faults.crew import Crew, Member
from tests.support.waiting import eventually


@pytest.mark.parametrize(("exit_status", "surprises"), [(0, 1), (1, 1), (2, 1), (3, 0)])
def test_only_the_want_of_a_server_at_the_start_is_no_surprise(
    tmp_path: Path, exit_status: int, surprises: int
) -> None:
    log = tmp_path / "worker.log"
    spec = ProcessSpec(name="worker", argv=(sys.executable, "-c", f"raise SystemExit({exit_status})"))
    member = Member(spec, log, RunningProcess(spec, log))
    crew = Crew({}, tmp_path, members={"worker": member})
    eventually(lambda: not member.process.is_alive(), "its end")
    crew.look_after()
    crew.stop()
    assert len(crew.surprises) == surprises
