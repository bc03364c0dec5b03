"""The start lines of our processes."""

import sys
from collections.abc import Sequence

from messaging_pipeline.queues import Queue
from messaging_pipeline.stack.command_lines import DELIVER_WORKER, EVENTS_WORKER, WEBHOOKS, for_this_interpreter


def _queues(line: Sequence[str]) -> list[str]:
    return line[line.index("-Q") + 1].split(",")


def test_every_queue_is_consumed_by_exactly_one_kind_of_worker() -> None:
    assert sorted(_queues(DELIVER_WORKER) + _queues(EVENTS_WORKER)) == sorted(queue.value for queue in Queue)


def test_two_kinds_of_worker_on_one_host_have_different_names() -> None:
    assert DELIVER_WORKER[DELIVER_WORKER.index("-n") + 1] != EVENTS_WORKER[EVENTS_WORKER.index("-n") + 1]


def test_children_run_in_this_interpreter_whatever_the_search_path_holds() -> None:
    assert for_this_interpreter(WEBHOOKS) == (sys.executable, "-m", "webhooks")
    assert for_this_interpreter(DELIVER_WORKER)[:3] == (sys.executable, "-m", "celery")
