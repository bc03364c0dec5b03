"""The command that looks at an installation and says what is wrong with it."""

import os

import click

from messaging_pipeline.cli.output import NOT_REACHABLE, REFUSED, json_option, print_json
from messaging_pipeline.doctor.examination import examine
from messaging_pipeline.doctor.finding import Finding
from messaging_pipeline.doctor.patient import patient
from messaging_pipeline.settings import Settings

_MARKS = {"ok": "ok", "warning": "WARNING", "error": "ERROR", "unreachable": "NO ANSWER", "skipped": "skipped"}
_WIDTH = max(map(len, _MARKS.values()))


@click.command()
@click.option("--fix", is_flag=True, help="Set at Twilio what is safe to set; without it, only say what would be set.")
@click.option("--tenant", help="Only this tenant's account, services and webhooks.")
@json_option
def doctor(fix: bool, tenant: str | None, json_wanted: bool) -> None:
    """Check settings, servers, clocks, keys, webhooks and Twilio's side, and say how to cure what is wrong.

    Changes nothing unless --fix is given. Exit code 0 when all is well (warnings allowed), 1 when something is wrong,
    2 for wrong settings, 3 when a server does not answer.
    """
    findings = []
    with patient(Settings.from_environment(os.environ), tenant) as whom:
        for finding in examine(whom, fix=fix):
            findings.append(finding)
            if not json_wanted:
                _print(finding)
    if json_wanted:
        print_json([finding.as_json() for finding in findings])
    states = {finding.state for finding in findings}
    if "unreachable" in states:
        raise SystemExit(NOT_REACHABLE)
    if "error" in states:
        raise SystemExit(REFUSED)


def _print(finding: Finding) -> None:
    mark = "FIXED" if finding.fixed else _MARKS[finding.state]
    click.echo(f"{mark:<{_WIDTH}}  {finding.check}: {finding.about}: {finding.told}")
    if finding.cure is not None:
        click.echo(f"{'':<{_WIDTH}}    {finding.cure}")
    if finding.change is not None and not finding.fixed:
        click.echo(f"{'':<{_WIDTH}}    --fix would: {finding.change.words}")
