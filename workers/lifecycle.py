"""Builds a worker's runtime when it starts and closes it when it stops; one process, one runtime."""

import logging
import threading
from typing import Any

from celery import signals

from messaging_pipeline.gauges.watch import GaugeWatch
from messaging_pipeline.log import configure_logging
from messaging_pipeline.metrics import serve_metrics
from messaging_pipeline.queues import Queue
from messaging_pipeline.settings import Settings
from messaging_pipeline.waking.alarm_clock import AlarmClock
from messaging_pipeline.worker_runtime import WorkerRuntime, build_worker_runtime
from workers.credentials import calls_twilio, refuse_wrong_credentials
from workers.schema import refuse_old_schema
from workers.starting import refuse_absent_broker, refuse_absent_redis, stopping_at_a_wrong_start

_log = logging.getLogger(__name__)

_LOOK_UP_SECONDS = 1.0


class Lifecycle:
    """Holds the runtime of this process between its start and its end."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._runtime: WorkerRuntime | None = None
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._attentive = False

    @property
    def runtime(self) -> WorkerRuntime:
        """The runtime; there is none before the worker has started."""
        if self._runtime is None:
            raise RuntimeError("the worker has not started")
        return self._runtime

    def start(self, instance: Any, **_: Any) -> None:
        """Build the runtime, and see that what it needs is there, before the first task comes."""
        settings, queues = self._settings, instance.app.amqp.queues.consume_from
        with stopping_at_a_wrong_start("worker"):
            name = f"messaging-pipeline {instance.hostname}"
            self._runtime = build_worker_runtime(settings, name=name, threads=int(instance.concurrency or 1))
            base = self._runtime.base
            refuse_old_schema(settings)
            refuse_absent_redis(base.redis)
            refuse_absent_broker(settings)
            if calls_twilio(queues):
                refuse_wrong_credentials(base.accounts, base.configuration)
            if settings.metrics_port:
                serve_metrics(settings.metrics_port, settings.metrics_host, settings.metrics_folder)
        if Queue.DELIVER in queues:
            self._threads.append(AlarmClock(base.wake_ups, self._stop).start())
        if Queue.MAINTENANCE in queues and settings.metrics_port:
            self._threads.append(GaugeWatch(base.gauges, base.clock, self._stop).start())

    def start_beat(self, **_: Any) -> None:
        """See that there is a broker to publish to: beat needs nothing else."""
        with stopping_at_a_wrong_start("beat"):
            refuse_absent_broker(self._settings)

    def leave_out_the_banner(self, instance: Any, **_: Any) -> None:
        """Celery's greeting is no event: whoever reads JSON cannot read it."""
        if self._settings.log_format == "json":
            instance.quiet = True

    def set_up_logging(self, loglevel: int | str | None = None, **_: Any) -> None:
        """Let Celery's lines look like ours."""
        level = logging.getLevelName(loglevel) if isinstance(loglevel, int) else loglevel or "INFO"
        configure_logging(level, log_format=self._settings.log_format)

    def stay_attentive(self, sender: Any, **_: Any) -> None:
        """Let the worker's loop look up every second: asleep at RabbitMQ, it hears of a SIGTERM after ten."""
        if not self._attentive:  # ready again after an outage, the loop has its timer still
            self._attentive = True
            sender.hub.call_repeatedly(_LOOK_UP_SECONDS, lambda: None)

    def begin_to_stop(self, **_: Any) -> None:
        """Let the lanes give back what they have not started: Celery waits for the tasks in hand."""
        if self._runtime is not None:
            self._runtime.lane.stopping.set()

    def stop(self, **_: Any) -> None:
        """Close everything after the last task has ended."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        if self._runtime is not None:
            self._runtime.close()


_current: list[Lifecycle] = []


def runtime() -> WorkerRuntime:
    """Return the runtime of this worker process."""
    return _current[-1].runtime


def connect(settings: Settings) -> None:
    """Tie the life of a runtime to the life of the worker that this process may become."""
    lifecycle = Lifecycle(settings)
    _current.append(lifecycle)
    signals.celeryd_init.connect(lifecycle.leave_out_the_banner, weak=False)
    signals.celeryd_after_setup.connect(lifecycle.start, weak=False)
    signals.beat_init.connect(lifecycle.start_beat, weak=False)
    signals.worker_shutting_down.connect(lifecycle.begin_to_stop, weak=False)
    signals.worker_shutdown.connect(lifecycle.stop, weak=False)
    signals.worker_ready.connect(lifecycle.stay_attentive, weak=False)
    signals.setup_logging.connect(lifecycle.set_up_logging, weak=False)
