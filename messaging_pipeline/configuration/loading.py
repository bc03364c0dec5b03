"""Reads ``messaging.toml``; with no file there is one tenant and one service, from the environment."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from messaging_pipeline.configuration.contradictions import refuse_contradictions
from messaging_pipeline.configuration.keys import DEFAULT_SERVICE, DEFAULT_TENANT
from messaging_pipeline.configuration.service import Service
from messaging_pipeline.configuration.tenant import Tenant
from messaging_pipeline.configuration.whole import Configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings
from messaging_pipeline.validation.problems import first_problem


def load_configuration(settings: Settings) -> Configuration:
    """Read ``MESSAGING_CONFIG`` and add what the environment alone declares.

    Raises InvalidSettings naming the key in the file and what is wrong with it.
    """
    declared = _read(Path(settings.config_path), settings) if settings.config_path else Configuration()
    tenants = {**_tenant_of_the_environment(settings), **declared.tenants}
    services = {**_service_of_the_environment(settings, declared), **declared.services}
    configuration = declared.model_copy(update={"tenants": tenants, "services": services})
    refuse_contradictions(configuration, settings.config_path)
    return configuration


def _read(path: Path, settings: Settings) -> Configuration:
    try:
        return Configuration.model_validate(_completed(tomllib.loads(path.read_text("utf-8-sig")), settings))
    except OSError as error:
        raise InvalidSettings(
            "MESSAGING_CONFIG", f"{path} cannot be read ({error.strerror})", "correct the path"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidSettings("MESSAGING_CONFIG", f"{path} is not valid TOML ({error})", "correct the file") from None
    except ValidationError as error:
        wrong = first_problem(error, Configuration)
        place = f"MESSAGING_CONFIG {wrong.place}"
        raise InvalidSettings(place, f"{wrong.reason} (in {path})", wrong.remedy) from None


def _completed(declared: dict[str, Any], settings: Settings) -> dict[str, Any]:
    """The file may say more about the tenant of the environment without repeating its account."""
    tenant = declared.get("tenants", {}).get(DEFAULT_TENANT) if isinstance(declared.get("tenants", {}), dict) else None
    if isinstance(tenant, dict) and "account_sid" not in tenant:
        declared["tenants"][DEFAULT_TENANT] = {**_account_of_the_environment(settings), **tenant}
    return declared


def _account_of_the_environment(settings: Settings) -> Mapping[str, Any]:
    if settings.account_sid is None:
        return {}
    account = {"account_sid": settings.account_sid, "auth_token": "env:TWILIO_AUTH_TOKEN"}
    return account | (
        {"auth_token_secondary": "env:TWILIO_AUTH_TOKEN_SECONDARY"} if settings.auth_token_secondary else {}
    )


def _tenant_of_the_environment(settings: Settings) -> Mapping[str, Tenant]:
    account = _account_of_the_environment(settings)
    return {DEFAULT_TENANT: Tenant(**account)} if account else {}


def _service_of_the_environment(settings: Settings, declared: Configuration) -> Mapping[str, Service]:
    named = settings.messaging_service_sid or settings.from_number
    if declared.services and not named:
        return {}
    try:
        return {
            DEFAULT_SERVICE: Service(
                messaging_service_sid=settings.messaging_service_sid, from_number=settings.from_number
            )
        }
    except ValidationError as error:
        wrong = first_problem(error, Service)
        raise InvalidSettings("TWILIO_FROM_NUMBER", wrong.reason, wrong.remedy) from None
