"""Commands about services: see how they stand, stop them, let them go on, change their rate."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any

import click
from redis.exceptions import RedisError

from messaging_pipeline.cli.output import json_option, print_json, print_table
from messaging_pipeline.cli.runtime import command_runtime
from messaging_pipeline.configuration import Service
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.ids import ServiceKey
from messaging_pipeline.runtime import Runtime
from messaging_pipeline.services import steer
from messaging_pipeline.services.board import BOARD_SECONDS, ServiceBoard, ServiceStanding
from messaging_pipeline.services.known import known_service

_COLUMNS = {
    "SERVICE": "service",
    "TENANT": "tenant",
    "SENDER": "sender",
    "STATE": "state",
    "ACCEPTING": "accepting",
    "RATE": "configured_segments_per_second",
    "NOW": "segments_per_second",
    "BURST": "burst_segments",
    "DUE": "due",
    "WAITING": "waiting",
    "REASON": "reason",
}
_PLACES = 3

_tenant = click.option("--tenant", help="Only if it is this tenant's.")


@click.group()
def services() -> None:
    """See and steer the ways out."""


@services.command("list")
@click.option("--tenant", help="Only this tenant's.")
@json_option
def list_services(tenant: str | None, json_wanted: bool) -> None:
    """List services: whether they send, how fast, and what waits for them."""
    with command_runtime() as runtime:
        backlog = runtime.tracing.backlog(runtime.clock.now())
        configured = runtime.configuration.services
        found = [
            {**_service(key, configured.get(key), runtime.board), **_waiting(backlog.get(key, {}))}
            for key in sorted({*configured, *backlog})
            if tenant is None or (key in configured and configured[key].tenant == tenant)
        ]
    if json_wanted:
        print_json(found)
        return
    print_table(list(_COLUMNS), [[_cell(one[name]) for name in _COLUMNS.values()] for one in found])


@services.command("pause")
@click.argument("name")
@_tenant
@json_option
def pause(name: str, tenant: str | None, json_wanted: bool) -> None:
    """Stop sending for a service; messages are accepted and wait."""
    _steer(name, tenant, steer.pause, json_wanted=json_wanted)


@services.command("resume")
@click.argument("name")
@_tenant
@json_option
def resume(name: str, tenant: str | None, json_wanted: bool) -> None:
    """Send and accept again, after a pause, a hold or a drain."""
    _steer(name, tenant, steer.resume, json_wanted=json_wanted, wakes=True)


@services.command("drain")
@click.argument("name")
@_tenant
@json_option
def drain(name: str, tenant: str | None, json_wanted: bool) -> None:
    """Accept nothing new for a service; what is accepted still goes out."""
    _steer(name, tenant, steer.drain, json_wanted=json_wanted)


@services.command("set-rate")
@click.argument("name")
@click.argument("segments_per_second", type=float, required=False)
@click.option("--burst", type=int, help="How many segments may leave at once after a pause.")
@click.option("--file", "from_file", is_flag=True, help="Go back to the rate and the burst that messaging.toml sets.")
@_tenant
@json_option
def set_rate(
    name: str,
    segments_per_second: float | None,
    burst: int | None,
    from_file: bool,
    tenant: str | None,
    json_wanted: bool,
) -> None:
    """Set the rate of a service, until it is set again; workers need no restart."""
    if from_file != (segments_per_second is None) or (from_file and burst is not None):
        raise click.UsageError("give either SEGMENTS_PER_SECOND, with or without --burst, or --file alone")

    def change(pool: Pool, service: ServiceKey, now: datetime) -> None:
        steer.set_rate(pool, service, segments_per_second, burst, now)

    _steer(name, tenant, change, json_wanted=json_wanted, wakes=True)


def _steer(
    name: str,
    tenant: str | None,
    change: Callable[[Pool, ServiceKey, datetime], None],
    *,
    json_wanted: bool,
    wakes: bool = False,
) -> None:
    with command_runtime() as runtime:
        service = known_service(runtime.configuration, name, tenant)
        change(runtime.pool, service, runtime.clock.now())
        if wakes:
            _wake(runtime, service)
        steered = _service(service, runtime.configuration.services[service], runtime.board)
    if json_wanted:
        print_json(steered)
        return
    click.echo(_sentence(steered))


def _wake(runtime: Runtime, service: ServiceKey) -> None:
    """Wake waiting lanes at once, and again when every board has read what was changed."""
    runtime.bell.ring(service)
    with suppress(RedisError):  # the sweep wakes what Redis does not
        runtime.wake_ups.wake_later(service, BOARD_SECONDS)


def _service(key: str, service: Service | None, board: ServiceBoard) -> dict[str, Any]:
    """Describe a service; one that only the backlog knows is no longer configured, and its messages wait."""
    standing = board.standing(ServiceKey(key)) if service else None
    return {
        "service": key,
        "tenant": service.tenant if service else None,
        "sender": (service.messaging_service_sid or service.from_number) if service else "(not configured)",
        **_standing(standing),
    }


def _standing(standing: ServiceStanding | None) -> dict[str, Any]:
    return {
        "state": standing.state if standing else None,
        "accepting": standing.accepting if standing else None,
        "reason": standing.reason if standing else None,
        "error_code": standing.error_code if standing else None,
        "configured_segments_per_second": standing.configured_segments_per_second if standing else None,
        "segments_per_second": standing.segments_per_second if standing else None,
        "factor": standing.factor if standing else None,
        "burst_segments": standing.burst if standing else None,
    }


def _waiting(backlog: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "due": backlog.get("due", 0),
        "waiting": backlog.get("waiting", 0),
        "oldest_due_at": backlog.get("oldest_due_at"),
    }


def _cell(value: object) -> object:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{round(value, _PLACES):g}" if isinstance(value, float) else value


def _sentence(steered: Mapping[str, Any]) -> str:
    state = steered["state"] if steered["reason"] is None else f"{steered['state']} ({steered['reason']})"
    accepting = "accepts messages" if steered["accepting"] else "accepts none"
    rate = f"{_cell(steered['segments_per_second'])} segments/s, burst {steered['burst_segments']}"
    return f"{steered['service']}: {state}, {accepting}, {rate}"
