"""The configuration file of the simulator (TOML), read strictly: an unknown key is an error, by name."""

import tomllib
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

from messaging_pipeline.simulator.configuration import (
    AccountConfig,
    CarrierTimings,
    ConfigurationError,
    Faults,
    SenderConfig,
    ServiceConfig,
    SimulatorConfig,
    StandIns,
)
from messaging_pipeline.simulator.web_urls import is_web_url

_SECTIONS = frozenset({"accounts", "services", "senders", "faults", "carrier", "stand_ins"})
_NUMBERS_WITH_A_UNIT = ("_seconds", "_ms", ".mps")
_SPAN_LENGTH = 2
_URL_ENDINGS = (".status_callback", "_url")


def read_file(path: Path, base: SimulatorConfig) -> SimulatorConfig:
    """Return ``base`` with what the file says in place of it.

    Raises ConfigurationError, naming the key, for anything in the file that is unknown or makes no sense.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"{path}: cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise ConfigurationError(f"{path}: is not TOML ({error})") from None
    return read_document(document, base)


def read_document(document: dict[str, Any], base: SimulatorConfig) -> SimulatorConfig:
    """Return ``base`` with what the parsed document says in place of it; raises ConfigurationError."""
    for section, table in document.items():
        if section not in _SECTIONS:
            raise ConfigurationError(f"{section}: there is no such section")
        if not isinstance(table, dict):
            raise ConfigurationError(f"{section}: must be a table")
    accounts = {
        label: AccountConfig(**_complete(AccountConfig, table, f"accounts.{label}"))
        for label, table in document.get("accounts", {}).items()
    }
    sids = {account.sid: account.sid for account in base.accounts}
    sids = {label: account.sid for label, account in accounts.items()} or sids
    services = tuple(
        ServiceConfig(sid, **_owned(ServiceConfig, table, f"services.{sid}", sids))
        for sid, table in document.get("services", {}).items()
    )
    _refuse_shared_senders(services)
    return replace(
        base,
        accounts=tuple(accounts.values()) or base.accounts,
        services=services,
        senders=tuple(
            SenderConfig(address, **_owned(SenderConfig, table, f"senders.{address}", sids))
            for address, table in document.get("senders", {}).items()
        ),
        faults=replace(base.faults, **read_section(Faults, document.get("faults", {}), "faults")),
        stand_ins=replace(base.stand_ins, **read_section(StandIns, document.get("stand_ins", {}), "stand_ins")),
        carrier=replace(base.carrier, **read_section(CarrierTimings, document.get("carrier", {}), "carrier")),
    )


def _refuse_shared_senders(services: tuple[ServiceConfig, ...]) -> None:
    """A sender is in one service only (https://www.twilio.com/docs/messaging/services)."""
    taken: set[str] = set()
    for service in services:
        if not taken.isdisjoint(service.senders):
            raise ConfigurationError(f"services.{service.sid}.senders: a sender is in another service already")
        taken.update(service.senders)


def read_section(kind: type, table: object, where: str) -> dict[str, Any]:
    """Check a table against the fields of a configuration class and return its values.

    Raises ConfigurationError naming ``where`` and the key.
    """
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where}: must be a table")
    defaults = {field.name: field.default for field in fields(kind)}
    for key in table:
        if key not in defaults:
            raise ConfigurationError(f"{where}.{key}: there is no such key")
    return {key: _read(defaults[key], value, f"{where}.{key}") for key, value in table.items()}


def _complete(kind: type, table: object, where: str) -> dict[str, Any]:
    values = read_section(kind, table, where)
    for field in fields(kind):
        if field.default is MISSING and field.name not in values:
            raise ConfigurationError(f"{where}.{field.name}: is missing")
    return values


def _owned(kind: type, table: object, where: str, sids: dict[str, str]) -> dict[str, Any]:
    """Read the table of a service or sender, whose ``account`` is the label of an account."""
    if not isinstance(table, dict):
        raise ConfigurationError(f"{where}: must be a table")
    table = dict(table)
    account = table.pop("account", next(iter(sids)))
    if account not in sids:
        raise ConfigurationError(f"{where}.account: there is no such account")
    for hidden in ("account_sid", "sid", "address"):
        if hidden in table:
            raise ConfigurationError(f"{where}.{hidden}: there is no such key")
    return read_section(kind, table, where) | {"account_sid": sids[account]}


def _read(default: object, value: Any, where: str) -> Any:
    """Convert a value to the type that the field's default has; a field with no default value is a text."""
    if isinstance(default, bool):
        return _expect(isinstance(value, bool), value, where, "true or false")
    if isinstance(default, int | float):
        return _number(default, value, where)
    if isinstance(default, tuple) and default:
        return _span(value, where)
    if isinstance(default, tuple | frozenset):
        is_texts = isinstance(value, list) and all(isinstance(item, str) for item in value)
        _expect(is_texts, value, where, "a list of texts")
        return type(default)(value)
    return _text(value, where)


def _text(value: Any, where: str) -> Any:
    is_text = isinstance(value, str) and bool(value)
    if where.endswith(_URL_ENDINGS):
        return _expect(is_text and is_web_url(value), value, where, "an http or https URL")
    return _expect(is_text, value, where, "a text")


def _number(default: float, value: Any, where: str) -> Any:
    """Check a number; one that carries no unit in its name is a rate."""
    if isinstance(default, int):
        return _expect(_is_number(value) and isinstance(value, int), value, where, "a whole number, 0 or more")
    if not where.endswith(_NUMBERS_WITH_A_UNIT):
        return _expect(_is_number(value) and value <= 1, value, where, "a rate from 0 to 1")
    if where.endswith(".mps"):
        return _expect(_is_number(value) and value > 0, value, where, "a number, more than 0")
    return _expect(_is_number(value), value, where, "a number, 0 or more")


def _span(value: Any, where: str) -> Any:
    is_span = isinstance(value, list) and len(value) == _SPAN_LENGTH and all(map(_is_number, value))
    _expect(is_span and value[0] <= value[1], value, where, "two numbers, the smaller first")
    return tuple(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _expect(is_right: bool, value: object, where: str, expected: str) -> object:
    if not is_right:
        raise ConfigurationError(f"{where}: must be {expected}")
    return value
