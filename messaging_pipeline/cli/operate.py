"""The command that brings the schema up to date."""

import os

import click

from messaging_pipeline.cli.output import json_option, print_json
from messaging_pipeline.db.address import postgres_address
from messaging_pipeline.db.migrate import Migrated, migrate_phase
from messaging_pipeline.db.migration_files import Phase
from messaging_pipeline.settings import Settings, required


@click.command()
@click.option("--pre", is_flag=True, help="Only what the code that runs now can live with: before you replace it.")
@click.option("--post", is_flag=True, help="Only what needs the code before gone: after you have replaced it.")
@json_option
def migrate(pre: bool, post: bool, json_wanted: bool) -> None:
    """Bring the database's schema up to date; safe to run by any number at once.

    Without an option both phases are applied, for which the code before must be stopped when the release has a `post`
    migration. With --pre before and --post after, nothing is ever stopped.
    """
    if pre and post:
        raise click.UsageError("give --pre or --post, or neither for both")
    settings = Settings.from_environment(os.environ)
    phase = Phase.PRE if pre else Phase.POST if post else None
    address = postgres_address(required(settings.database_url, "DATABASE_URL"), "DATABASE_URL")
    done = migrate_phase(address, phase)
    print_json({"applied": done.applied, "left": done.left}) if json_wanted else _tell(done)


def _tell(done: Migrated) -> None:
    for name in done.applied:
        click.echo(f"applied {name}")
    for name in done.left:
        click.echo(f"left {name} for the other phase")
    if not done.left:
        click.echo("the schema is up to date")
