"""The command that brings the schema up to date."""

import os

import click

from messaging_pipeline.cli.output import json_option, print_json
from messaging_pipeline.db.migrate import migrate as apply_migrations
from messaging_pipeline.settings import Settings, required


@click.command()
@json_option
def migrate(json_wanted: bool) -> None:
    """Bring the database's schema up to date; safe to run at any time, by any number at once."""
    settings = Settings.from_environment(os.environ)
    applied = apply_migrations(required(settings.database_url, "DATABASE_URL"))
    if json_wanted:
        print_json({"applied": applied})
        return
    for name in applied:
        click.echo(f"applied {name}")
    click.echo("the schema is up to date")
