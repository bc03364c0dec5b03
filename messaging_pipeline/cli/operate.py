"""Commands for operators: migrations, keys, services."""

import os
from collections.abc import Mapping
from typing import Any

import click
from cryptography.fernet import Fernet

from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.configuration import Service
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


@click.group()
def keys() -> None:
    """Encryption keys."""


@keys.command("new")
@json_option
def new_key(json_wanted: bool) -> None:
    """Print a new key for MESSAGING_ENCRYPTION_KEYS; put it first, and keep the old ones behind it."""
    key = Fernet.generate_key().decode()
    print_json({"key": key}) if json_wanted else click.echo(key)


@click.group()
def services() -> None:
    """The ways out."""


@services.command("list")
@json_option
def list_services(json_wanted: bool) -> None:
    """List services with their rate and what waits for them."""
    with command_runtime() as runtime:
        backlog = runtime.tracing.backlog(runtime.clock.now())
        configured = runtime.configuration.services
        found = [
            _service_row(key, configured.get(key), backlog.get(key, {})) for key in sorted({*configured, *backlog})
        ]
    if json_wanted:
        print_json(found)
        return
    header = ("SERVICE", "TENANT", "SENDER", "RATE", "BURST", "DUE", "WAITING")
    names = ("service", "tenant", "sender", "segments_per_second", "burst_segments", "due", "waiting")
    print_table(header, [[one[name] for name in names] for one in found])


def _service_row(key: str, service: Service | None, backlog: Mapping[str, Any]) -> dict[str, Any]:
    """Describe a service; one that only the backlog knows is no longer configured, and its messages wait."""
    return {
        "service": key,
        "tenant": service.tenant if service else None,
        "sender": (service.messaging_service_sid or service.from_number) if service else "(not configured)",
        "segments_per_second": service.segments_per_second if service else None,
        "burst_segments": service.burst if service else None,
        "due": backlog.get("due", 0),
        "waiting": backlog.get("waiting", 0),
        "oldest_due_at": backlog.get("oldest_due_at"),
    }
