"""Several children as one."""

from pathlib import Path

import pytest

from messaging_pipeline.stack.processes import ProcessFailed
from messaging_pipeline.stack.supervisor import Supervisor
from tests.support.children import SAYS_READY, has_ended, says, spec


def _tells_when_it_ends(diary: Path, name: str) -> str:
    return (
        "import signal, sys\n"
        f"def end(*_): open({str(diary)!r}, 'a').write({name!r} + ' '); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n" + SAYS_READY
    )


def test_each_child_has_a_log_of_its_own(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        for name in ("one", "two"):
            supervisor.start(spec(f"print('{name}');" + SAYS_READY, name=name, ready=says(tmp_path / f"{name}.log")))
        assert (tmp_path / "one.log").read_text() == "one\nready\n"
        assert (tmp_path / "two.log").read_text() == "two\nready\n"


def test_start_returns_when_all_are_ready(tmp_path: Path) -> None:
    logs = [tmp_path / f"{name}.log" for name in ("one", "two", "three")]
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(*(spec(SAYS_READY, name=log.stem, ready=says(log)) for log in logs))
        assert all(says(log)() for log in logs)


def test_leaving_ends_all_children(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        processes = supervisor.start(spec(SAYS_READY, name="one"), spec(SAYS_READY, name="two"))
        assert [process.name for process in processes] == ["one", "two"]
        assert supervisor.process("two") is processes[1]
    assert not any(process.is_alive() for process in processes)


def test_those_started_together_need_not_wait_for_each_other_to_end(tmp_path: Path) -> None:
    """Each ends only after it has seen that the other was asked, too."""
    waits_for_the_other = (
        "import os, pathlib, signal, sys, time\n"
        "mine, other = map(pathlib.Path, ({mine!r}, {other!r}))\n"
        "def end(*_):\n"
        "    mine.touch()\n"
        "    while not other.exists(): time.sleep(0.005)\n"
        "    sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end)\n" + SAYS_READY
    )
    marks = [str(tmp_path / "one"), str(tmp_path / "two")]
    with Supervisor(tmp_path) as supervisor:
        processes = supervisor.start(
            spec(waits_for_the_other.format(mine=marks[0], other=marks[1]), name="a", ready=says(tmp_path / "a.log")),
            spec(waits_for_the_other.format(mine=marks[1], other=marks[0]), name="b", ready=says(tmp_path / "b.log")),
        )
    assert [process.exit_status for process in processes] == [0, 0]


def test_the_last_started_is_the_first_to_end(tmp_path: Path) -> None:
    diary = tmp_path / "diary"
    with Supervisor(tmp_path) as supervisor:
        for name in ("one", "two", "three"):
            code = _tells_when_it_ends(diary, name)
            supervisor.start(spec(code, name=name, ready=says(tmp_path / f"{name}.log")))
    assert diary.read_text() == "three two one "


def test_one_that_fails_to_start_is_told_and_the_others_end_with_the_block(tmp_path: Path) -> None:
    good = spec(SAYS_READY, name="good")
    bad = spec("raise SystemExit(1)", name="bad", ready=lambda: False)
    with Supervisor(tmp_path) as supervisor:
        (running,) = supervisor.start(good)
        with pytest.raises(ProcessFailed, match="bad ended with exit status 1"):
            supervisor.start(bad)
        assert running.is_alive()
    assert not running.is_alive()


def test_while_all_run_there_is_no_failure(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(spec(SAYS_READY))
        assert supervisor.first_failure() is None


def test_a_child_that_ends_by_itself_is_noticed_and_its_last_words_told(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(spec(SAYS_READY, name="good"))
        (bad,) = supervisor.start(spec("print('last words'); raise SystemExit(7)", name="bad"))
        assert has_ended(bad.pid)
        failure = supervisor.first_failure()
    assert failure is not None
    assert failure.name == "bad"
    assert "exit status 7" in failure.reason
    assert failure.last_lines == ("last words",)
