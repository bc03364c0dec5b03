"""The command that holds live data against what was promised."""

from collections.abc import Sequence
from datetime import timedelta

import click

from messaging_pipeline.audit.auditing import Auditing
from messaging_pipeline.audit.rule import Finding
from messaging_pipeline.cli.durations import Duration
from messaging_pipeline.cli.output import REFUSED, json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime


@click.command()
@click.option("--tenant", help="Only this tenant's messages.")
@click.option(
    "--since", type=Duration(), default="7d", show_default=True, help="How far back: messages accepted since then."
)
@json_option
def audit(tenant: str | None, since: timedelta, json_wanted: bool) -> None:
    """Check that nothing was sent twice, too late or to who opted out, and that no message is forgotten.

    Reads only, while everything goes on. Exit code 0 when all is well, 1 when a rule is broken.
    """
    with command_runtime() as runtime:
        findings = Auditing(runtime.pool, runtime.clock).run(since, tenant)
    print_json([finding.as_json() for finding in findings]) if json_wanted else _print(findings)
    if any(finding.found for finding in findings):
        raise SystemExit(REFUSED)


def _print(findings: Sequence[Finding]) -> None:
    print_table(("RULE", "CHECKED", "VIOLATIONS"), [(one.rule, one.checked, one.found) for one in findings])
    for finding in findings:
        if finding.found:
            _print_violations(finding)


def _print_violations(finding: Finding) -> None:
    click.echo(f"\n{finding.rule}: {finding.sentence}")
    for one in finding.violations:
        click.echo(f"  {one.message_id}  {one.detail}")
    if left := finding.found - len(finding.violations):
        click.echo(f"  and {left} more")
