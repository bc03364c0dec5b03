"""The measurements: each takes a side from an empty store to a checked result, and leaves nothing running."""

import time
from dataclasses import dataclass

from tests.bench import audit, callbacks
from tests.bench.figures import Figures, percentile
from tests.bench.side import Running, Side
from tests.bench.waiting import until, until_all

_WARM_UP_CALLBACKS = 200
_WARM_UP_MESSAGES = 2


@dataclass(frozen=True, slots=True)
class Finding:
    """The figures of a measurement, and what was not as it must be."""

    figures: Figures
    problems: tuple[str, ...]


def recipients(count: int) -> list[str]:
    """Return as many numbers, all different, and none of them magic to the simulator."""
    return [f"+1415{2_000_000 + number}" for number in range(count)]


def send_path(side: Side, count: int) -> Finding:
    """Hand messages over while no worker runs, then start the workers and wait until each message has a SID."""
    to, producer_cpu = handed_over(side, count, callbacks=False)
    with side.running_workers(last=side.sends_with) as workers:
        span = Span.begin(workers, done=side.counts().with_sid)
        ended = until_all(lambda: side.counts().with_sid, count, f"{side.name}: messages with a SID")
        cpu, seconds, number = span.end(workers, ended, count)
        figures = {
            "messages_per_cpu_second": number / cpu,
            "worker_cpu_ms": cpu / number * 1000,
            "messages_per_second": number / seconds,
            "producer_cpu_ms": producer_cpu / count * 1000,
        }
    return Finding(figures, tuple(audit.created_once(side, to)))


def whole_life(side: Side, count: int) -> Finding:
    """As before, with callbacks, and until each message is delivered."""
    to, _ = handed_over(side, count, callbacks=True)
    with side.running_web() as web, side.running_workers(last=side.sends_with) as workers:
        span = Span.begin(workers, done=side.counts().delivered)
        of_web = Span.begin(web, done=0)
        ended = until_all(lambda: side.counts().delivered, count, f"{side.name}: delivered messages")
        cpu, seconds, number = span.end(workers, ended, count)
        web_cpu, _, _ = of_web.end(web, ended, count)
        figures = {
            "messages_per_cpu_second": number / (cpu + web_cpu),
            "worker_cpu_ms": cpu / number * 1000,
            "web_cpu_ms": web_cpu / number * 1000,
            "messages_per_second": number / seconds,
        }
    return Finding(figures, tuple(audit.created_once(side, to, delivered=True)))


def callback_path(side: Side, count: int) -> Finding:
    """Fire ``count`` callbacks as fast as they are answered, half as many at half that rate; then apply them all."""
    side.clear()
    half_count = max(1, count // 2)
    sids = callbacks.new_sids(_WARM_UP_CALLBACKS + count + half_count)
    requests = callbacks.delivered_callbacks(side, side.seed_sent(sids), sids)
    side.settle()
    warm_up, requests_of_half = requests[:_WARM_UP_CALLBACKS], requests[_WARM_UP_CALLBACKS + count :]
    with side.running_web() as web:
        callbacks.fire(side, warm_up, side.bed.folder)
        span = Span.begin(web, done=0)
        full = callbacks.fire(side, requests[_WARM_UP_CALLBACKS : _WARM_UP_CALLBACKS + count], side.bed.folder)
        web_cpu, _, _ = span.end(web, time.monotonic(), count)
        rate = count / full.seconds
        half = callbacks.fire(side, requests_of_half, side.bed.folder, rate_per_second=rate / 2)
    problems = audit.all_taken(side, full.answers, count) + audit.all_taken(side, half.answers, half_count)
    applied, apply_cpu = _applied(side, len(sids))
    problems += audit.all_delivered(side, len(sids))
    figures = {
        "callbacks_per_second": rate,
        "p50_ms": percentile(full.latencies_ms, 50),
        "p99_ms": percentile(full.latencies_ms, 99),
        "web_cpu_ms": web_cpu / count * 1000,
        "half_per_second": rate / 2,
        "half_p50_ms": percentile(half.latencies_ms, 50),
        "half_p99_ms": percentile(half.latencies_ms, 99),
        "applied_per_second": applied,
        "worker_cpu_ms": apply_cpu * 1000,
        "callbacks_per_cpu_second": 1 / (web_cpu / count + apply_cpu),
    }
    return Finding(figures, tuple(problems))


def latency(side: Side, count: int) -> Finding:
    """Hand messages over one after another, each when the one before it is delivered and all is quiet."""
    side.clear()
    side.bed.begin(callbacks=True)
    with side.running_web(), side.running_workers(last=side.sends_with):
        to = recipients(count + _WARM_UP_MESSAGES)
        for number in to[:_WARM_UP_MESSAGES]:
            _one_message(side, number)
        times = [_one_message(side, number) for number in to[_WARM_UP_MESSAGES:]]
    with_sid, sent = [one[0] * 1000 for one in times], [one[1] * 1000 for one in times]
    figures = {
        "sid_p50_ms": percentile(with_sid, 50),
        "sid_p99_ms": percentile(with_sid, 99),
        "sent_p50_ms": percentile(sent, 50),
        "sent_p99_ms": percentile(sent, 99),
    }
    return Finding(figures, tuple(audit.created_once(side, to, delivered=True)))


@dataclass(frozen=True, slots=True)
class Span:
    """The beginning of a stretch of work: CPU and wall clock, and how much was done before it."""

    cpu_seconds: float
    at: float
    done: int

    @classmethod
    def begin(cls, running: Running, *, done: int) -> "Span":
        return cls(running.cpu_seconds(), time.monotonic(), done)

    def end(self, running: Running, at: float, done: int) -> tuple[float, float, int]:
        """Return CPU seconds, seconds, and the pieces of work done in them."""
        return running.cpu_seconds() - self.cpu_seconds, at - self.at, done - self.done


def handed_over(side: Side, count: int, *, callbacks: bool) -> tuple[list[str], float]:
    """Hand messages over to nobody yet; return the recipients and the CPU seconds that it took the producer."""
    side.clear()
    side.bed.begin(callbacks=callbacks)
    to = recipients(count)
    began = time.process_time()
    for number in to:
        side.accept(number)
    used = time.process_time() - began
    side.settle()
    return to, used


def _applied(side: Side, count: int) -> tuple[float, float]:
    """Start the workers on the callbacks that wait; return callbacks a second, and CPU seconds for one."""
    with side.running_workers(last=side.follows_with) as workers:
        span = Span.begin(workers, done=side.counts().delivered)
        ended = until_all(lambda: side.counts().delivered, count, f"{side.name}: applied callbacks")
        cpu, seconds, number = span.end(workers, ended, count)
    return number / seconds, cpu / number


def _one_message(side: Side, to: str) -> tuple[float, float]:
    """Return the seconds until the message has a SID, and until it is known to be sent; wait until it is delivered."""
    began = time.perf_counter()
    side.accept(to)
    with_sid = until(lambda: side.progress(to).with_sid, f"{side.name}: the SID")
    sent = until(lambda: side.progress(to).sent, f"{side.name}: `sent`")
    until(lambda: side.progress(to).delivered, f"{side.name}: `delivered`")
    return with_sid - began, sent - began
