"""Tasks that did not end well."""

from messaging_pipeline.metrics.catalogue import counter

_task_failures = counter("messaging_task_failures_total", "Tasks that ended in an error of ours.", ["task"])
_task_postponed = counter("messaging_tasks_postponed_total", "Tasks given back while a server was away.", ["task"])


def record_task_failure(task: str) -> None:
    """Count a task that ended in an error that is ours to mend."""
    _task_failures.labels(task).inc()


def record_task_postponed(task: str) -> None:
    """Count a task that was given back to the broker because a server is away."""
    _task_postponed.labels(task).inc()
