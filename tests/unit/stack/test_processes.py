"""Children: ready or not, ended or ending, and never left behind."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from messaging_pipeline.stack.processes import ProcessFailed, ProcessSpec, RunningProcess, last_lines
from tests.support.children import (
    SAYS_READY,
    WAIT_SECONDS,
    has_ended,
    is_running,
    kill_quietly,
    says,
    spec,
    wait_for,
)

PROJECT = Path(__file__).parents[3]
DEAF = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SAYS_READY
HAS_A_CHILD = (
    "import subprocess, sys;"
    "child = subprocess.Popen([sys.executable, '-I', '-S', '-c', 'import signal; signal.pause()']);"
    "print('child', child.pid, 'ready', flush=True);"
)


class Nursery:
    """Starts children and ends them with the test."""

    def __init__(self, folder: Path, cleanup: ExitStack) -> None:
        self.log = folder / "child.log"
        self._cleanup = cleanup

    def start(self, one: ProcessSpec) -> RunningProcess:
        child = RunningProcess(one, self.log)
        self._cleanup.callback(child.stop)
        return child

    def start_ready(self, code: str, grace_seconds: float = WAIT_SECONDS) -> RunningProcess:
        child = self.start(spec(code, ready=says(self.log), grace_seconds=grace_seconds))
        child.wait_until_ready(WAIT_SECONDS)
        return child


@pytest.fixture
def nursery(tmp_path: Path) -> Iterator[Nursery]:
    with ExitStack() as cleanup:
        yield Nursery(tmp_path, cleanup)


def test_what_a_child_says_on_both_outputs_is_in_its_log(nursery: Nursery) -> None:
    child = nursery.start(spec("import sys; print('out', flush=True); print('err', file=sys.stderr)"))
    assert has_ended(child.pid)
    assert nursery.log.read_text() == "out\nerr\n"


def test_a_child_that_crashed_is_started_again_in_the_same_way(nursery: Nursery) -> None:
    child = nursery.start_ready(SAYS_READY)
    with pytest.raises(RuntimeError, match="still runs"):
        child.start_again()
    first = child.pid
    child.crash()
    assert has_ended(first, within_seconds=0)
    assert child.exit_status == -signal.SIGKILL
    child.start_again()
    child.wait_until_ready(WAIT_SECONDS)
    assert child.unwanted_end() is None
    child.stop()
    assert has_ended(child.pid, within_seconds=0)


def test_a_child_has_the_environment_it_is_given_and_no_other(nursery: Nursery) -> None:
    code = "import os; print(os.environ.get('GIVEN'), os.environ.get('PATH'))"
    child = nursery.start(spec(code, environment={"GIVEN": "this"}))
    assert has_ended(child.pid)
    assert nursery.log.read_text() == "this None\n"


def test_a_child_leads_a_session_of_its_own_so_that_the_terminal_does_not_reach_it(nursery: Nursery) -> None:
    child = nursery.start_ready(SAYS_READY)
    assert os.getsid(child.pid) == child.pid != os.getsid(0)


def test_a_broken_pipe_ends_a_child_as_it_ends_any_program(nursery: Nursery) -> None:
    shell = ProcessSpec(name="shell", argv=("/bin/sh", "-c", "kill -PIPE $$; echo survived"), environment={})
    child = nursery.start(shell)
    assert has_ended(child.pid)
    assert child.exit_status == -signal.SIGPIPE


def test_a_child_without_a_check_is_ready_at_once(nursery: Nursery) -> None:
    nursery.start(spec(SAYS_READY)).wait_until_ready(0)


def test_a_child_that_ends_before_it_is_ready_is_reported_with_the_end_of_its_log(nursery: Nursery) -> None:
    code = "import sys; print(*range(1, 26), sep='\\n'); sys.exit(3)"
    child = nursery.start(spec(code, name="webhooks", ready=lambda: False))
    with pytest.raises(ProcessFailed) as failed:
        child.wait_until_ready(WAIT_SECONDS)
    text = str(failed.value)
    assert text.startswith("webhooks ended with exit status 3 before it was ready")
    assert str(nursery.log) in text
    assert failed.value.last_lines == tuple(str(number) for number in range(6, 26))


def test_a_child_that_a_signal_ends_is_reported_by_the_signals_name(nursery: Nursery) -> None:
    child = nursery.start(spec("import os; os.kill(os.getpid(), 9)", ready=lambda: False))
    with pytest.raises(ProcessFailed, match="was ended by SIGKILL"):
        child.wait_until_ready(WAIT_SECONDS)


def test_a_child_that_is_never_ready_is_given_up_at_the_deadline(nursery: Nursery) -> None:
    child = nursery.start(spec(SAYS_READY, ready=lambda: False))
    with pytest.raises(ProcessFailed, match=r"was not ready after 0\.1 seconds"):
        child.wait_until_ready(0.1)


def test_a_program_that_does_not_exist_is_reported_as_any_other_failure(nursery: Nursery) -> None:
    missing = ProcessSpec(name="ghost", argv=("/nonexistent/program",), environment={}, ready=lambda: False)
    with pytest.raises(ProcessFailed, match="No such file or directory"):
        nursery.start(missing).wait_until_ready(WAIT_SECONDS)


def test_a_stopped_child_was_asked_politely(nursery: Nursery) -> None:
    polite = (
        "import os, signal, sys;"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit(os.write(1, b'goodbye\\n') - 8));" + SAYS_READY
    )
    child = nursery.start_ready(polite)
    child.stop()
    assert child.exit_status == 0
    assert nursery.log.read_text() == "ready\ngoodbye\n"


def test_a_child_is_asked_only_once_however_often_we_say_so(nursery: Nursery) -> None:
    counts = "import os, signal; signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'asked\\n'));"
    child = nursery.start_ready(counts + SAYS_READY + "; signal.pause()", grace_seconds=0.2)
    child.ask_to_stop()
    wait_for(says(nursery.log, "asked"))
    child.ask_to_stop()
    child.stop()
    assert nursery.log.read_text().count("asked") == 1


def test_a_child_can_be_asked_with_another_signal(nursery: Nursery) -> None:
    child = nursery.start(spec(SAYS_READY, ready=says(nursery.log), stop_signal=signal.SIGUSR1))
    child.wait_until_ready(WAIT_SECONDS)
    child.stop()
    assert child.exit_status == -signal.SIGUSR1


def test_a_child_that_will_not_listen_is_killed_after_its_grace(nursery: Nursery) -> None:
    child = nursery.start_ready(DEAF, grace_seconds=0.1)
    child.stop()
    assert child.exit_status == -signal.SIGKILL


def test_stopping_twice_is_harmless(nursery: Nursery) -> None:
    child = nursery.start_ready(SAYS_READY)
    child.stop()
    child.stop()
    assert not child.is_alive()


def _grandchild(log: Path) -> int:
    return int(log.read_text().split()[1])


@pytest.mark.parametrize(
    "then",
    [
        pytest.param("import signal; signal.pause()", id="that obeys"),
        pytest.param("import signal; signal.signal(15, signal.SIG_IGN); signal.pause()", id="that is deaf"),
    ],
)
def test_what_a_stopped_child_had_started_itself_ends_with_it(nursery: Nursery, then: str) -> None:
    child = nursery.start_ready(HAS_A_CHILD + then, grace_seconds=0.1)
    grandchild = _grandchild(nursery.log)
    assert is_running(grandchild)
    child.stop()
    assert has_ended(grandchild)


def test_what_a_child_leaves_behind_when_it_ends_by_itself_is_ended_too(nursery: Nursery) -> None:
    child = nursery.start(spec(HAS_A_CHILD))
    assert has_ended(child.pid)
    assert child.exit_status == 0
    assert has_ended(_grandchild(nursery.log))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent is gone")
def test_children_end_even_when_their_parent_is_killed_outright(tmp_path: Path) -> None:
    doomed = [sys.executable, "-m", "tests.support.doomed_parent", str(tmp_path)]
    with subprocess.Popen(doomed, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        try:
            assert is_running(child)
            parent.kill()
            assert has_ended(child)
        finally:
            kill_quietly(child)


def test_only_the_end_of_a_long_log_is_read(tmp_path: Path) -> None:
    log = tmp_path / "long.log"
    log.write_text("x" * 200_000 + "\nlast but one\nlast\n")
    assert last_lines(log, 2) == ["last but one", "last"]
    assert len(last_lines(log, 3)[0]) < 70_000
