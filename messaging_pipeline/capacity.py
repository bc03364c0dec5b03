"""How large an installation has to be for so many messages a second, reckoned from what was measured."""

import math
from dataclasses import dataclass

#: CPU of deliver workers a message, in seconds: 993 messages a CPU second (docs/benchmarks.md, send path).
_CPU_OF_A_SEND = 1 / 993

#: CPU of webhooks and events workers a callback that comes by itself: what a whole life with three callbacks takes
#: (208 messages a CPU second) beside the send.
_CPU_OF_A_CALLBACK = (1 / 208 - 1 / 993) / 3

#: Measured once, 1,500 messages of 140 characters through Postgres 18 with full history (docs/capacity.md).
_COMMITS_OF_A_SEND, _COMMITS_OF_A_CALLBACK = 2.15, 1.0
_WAL_BYTES_OF_A_SEND, _WAL_BYTES_OF_A_CALLBACK = 4_200, 1_450
_STORED_BYTES_OF_A_SEND, _STORED_BYTES_OF_A_CALLBACK = 1_701, 213
_REDIS_COMMANDS_OF_A_SEND = 1.3

#: Lines of history for acceptance, claim and Twilio's answer; each callback adds one (docs/capacity.md).
_LINES_OF_A_SEND, _STORED_BYTES_OF_A_LINE = 3, 213

#: Histories go by whole months, so the first of a month waits for the last.
_LONGEST_MONTH_DAYS = 31

#: Rows that change leave their old selves behind until they are vacuumed.
_ROOM_FOR_DEAD_ROWS = 1.5

#: Cores and threads are planned to be half busy: the other half is for peaks, and for a host that is gone.
_BUSY = 0.5

_FEWEST_PROCESSES = 2
_THREADS_OF_A_DELIVER_WORKER = 32
_CONNECTIONS_OF_A_WORKER = 18
_RINGS_PER_SECOND = 10
_SECONDS_OF_AN_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Load:
    """What is to be carried: messages a second at the peak, and for how many hours a day that lasts.

    Rows are reckoned for ``kept_days``, the lines of their histories for no longer than ``history_days`` and a month.
    """

    per_second: float
    hours_a_day: float = 24.0
    twilio_seconds: float = 0.2
    callbacks: int = 3
    kept_days: int = 30
    history_days: int | None = None


@dataclass(frozen=True, slots=True)
class Capacity:
    """What that takes. Processes are at least two of a kind, so that one may be gone."""

    deliver_workers: int
    events_workers: int
    webhooks: int
    python_cores: float
    postgres_connections: int
    postgres_commits_per_second: float
    wal_megabytes_per_second: float
    redis_commands_per_second: float
    disk_gigabytes_per_day: float
    disk_gigabytes_kept: float


def capacity_for(load: Load) -> Capacity:
    """Reckon what a load takes; exact arithmetic on measurements of one machine, so a place to begin measuring."""
    sends, callbacks = load.per_second, load.per_second * load.callbacks
    deliver = _deliver_workers(load)
    events = webhooks = _processes(callbacks * _CPU_OF_A_CALLBACK / 2)
    stored = _STORED_BYTES_OF_A_SEND + load.callbacks * _STORED_BYTES_OF_A_CALLBACK
    history = (_LINES_OF_A_SEND + load.callbacks) * _STORED_BYTES_OF_A_LINE
    gigabytes_of_a_byte = sends * load.hours_a_day * _SECONDS_OF_AN_HOUR * _ROOM_FOR_DEAD_ROWS / 1e9
    return Capacity(
        deliver_workers=deliver,
        events_workers=events,
        webhooks=webhooks,
        python_cores=round((sends * _CPU_OF_A_SEND + callbacks * _CPU_OF_A_CALLBACK) / _BUSY, 1),
        postgres_connections=(deliver + events) * _CONNECTIONS_OF_A_WORKER,
        postgres_commits_per_second=round(sends * _COMMITS_OF_A_SEND + callbacks * _COMMITS_OF_A_CALLBACK),
        wal_megabytes_per_second=round((sends * _WAL_BYTES_OF_A_SEND + callbacks * _WAL_BYTES_OF_A_CALLBACK) / 1e6, 2),
        redis_commands_per_second=round(sends * _REDIS_COMMANDS_OF_A_SEND + deliver * _RINGS_PER_SECOND),
        disk_gigabytes_per_day=round(gigabytes_of_a_byte * stored, 1),
        disk_gigabytes_kept=round(
            gigabytes_of_a_byte * (stored * load.kept_days - history * _days_without_history(load)), 1
        ),
    )


def _days_without_history(load: Load) -> int:
    if load.history_days is None:
        return 0
    return max(0, load.kept_days - load.history_days - _LONGEST_MONTH_DAYS)


def _deliver_workers(load: Load) -> int:
    """As many as have the threads to wait for Twilio's answers, and the cores to ask for them."""
    waiting = load.per_second * load.twilio_seconds / _BUSY / _THREADS_OF_A_DELIVER_WORKER
    return max(math.ceil(waiting), _processes(load.per_second * _CPU_OF_A_SEND))


def _processes(cores: float) -> int:
    """Processes of Python, none of which uses more than one core."""
    return max(_FEWEST_PROCESSES, math.ceil(cores / _BUSY))
