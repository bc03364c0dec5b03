"""The command that asks Twilio about everything that its callbacks did not tell."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import click

from messaging_pipeline.cli.durations import Duration
from messaging_pipeline.cli.output import REFUSED, json_option, print_json
from messaging_pipeline.cli.tenants import refuse_undeclared
from messaging_pipeline.errors import NotReachable
from messaging_pipeline.reconcile.report import Report
from messaging_pipeline.reconcile.run import TO_COMPLETION, Wanted
from messaging_pipeline.settings import Settings
from messaging_pipeline.worker_runtime import WorkerRuntime, build_worker_runtime

_THREADS = 4

_FINDINGS = {
    "moved": "messages moved on",
    "bound": "attempts in doubt were found at Twilio",
    "inbound": "messages from people were brought in",
    "unchanged": "messages are where they were",
    "held": "messages in doubt now wait for `messages resolve`",
    "resent": "messages in doubt are sent again",
    "fell_back": "messages in doubt count as failed",
    "undecided": "messages in doubt cannot be told apart at Twilio",
    "missing": "messages are not at Twilio any more",
    "given_up": "messages are not asked about any more",
    "foreign": "messages at Twilio are not ours",
}


@click.command()
@click.option("--tenant", help="Only this tenant's account.")
@click.option(
    "--since", type=Duration(), help="Read the lists from so long ago (30m, 2h, 1d), not from where they stand."
)
@json_option
def reconcile(tenant: str | None, since: timedelta | None, json_wanted: bool) -> None:
    """Ask Twilio, now, about everything that has gone quiet, and for what people wrote.

    Leaves with 1 if something could not be asked, with 3 if Twilio is not reachable.
    """
    with _runtime() as runtime:
        wanted = Wanted(everything=True, since=_moment(runtime, since))
        report = runtime.reconciling.run(TO_COMPLETION, wanted=wanted, tenants=_tenants(runtime, tenant))
    print_json(_as_json(report)) if json_wanted else click.echo("\n".join(_lines(report)))
    if "unreachable" in report.endings.values():
        raise NotReachable("Twilio", "TWILIO_API_BASE_URL")
    if not report.is_complete:
        raise SystemExit(REFUSED)


@contextmanager
def _runtime() -> Iterator[WorkerRuntime]:
    settings = Settings.from_environment(os.environ)
    runtime = build_worker_runtime(settings, name="messaging-pipeline-reconcile", threads=_THREADS)
    try:
        yield runtime
    finally:
        runtime.close()


def _moment(runtime: WorkerRuntime, since: timedelta | None) -> datetime | None:
    return None if since is None else runtime.base.clock.now() - since


def _tenants(runtime: WorkerRuntime, tenant: str | None) -> list[str] | None:
    if tenant is None:
        return None
    refuse_undeclared(tenant, runtime.base.configuration)
    return [tenant]


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "findings": dict(report.findings),
        "requests": report.requests,
        "not_asked": report.not_asked,
        "endings": report.endings,
        "busy": report.busy,
    }


def _lines(report: Report) -> Iterator[str]:
    yield "1 request" if report.requests == 1 else f"{report.requests} requests"
    for finding, meaning in _FINDINGS.items():
        if count := report.findings.get(finding):
            yield f"{count:>6}  {meaning}"
    for tenant, ending in report.endings.items():
        yield f"tenant {tenant}: ended early ({ending})"
    for tenant in report.busy:
        yield f"tenant {tenant}: another process is at it; try again in a minute"
    if report.not_asked:
        one = report.not_asked == 1
        yield "1 question was not answered" if one else f"{report.not_asked} questions were not answered"
