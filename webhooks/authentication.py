"""Who may call a route: every view declares it, and "everybody" is a choice that is declared too."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, current_app, request
from werkzeug.exceptions import Forbidden, NotFound

from messaging_pipeline.configuration import Configuration, Tenant
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.settings import Settings
from messaging_pipeline.twilio_api.signature import verify
from webhooks.body import read_body
from webhooks.public_address import PublicAddress, raw_target

View = Callable[..., Response]
EXTENSION = "twilio-signatures"


@dataclass(frozen=True, slots=True)
class Signatures:
    """What is needed to verify a signature: our public addresses, and each tenant's tokens, newest first."""

    addresses: Mapping[str, PublicAddress]
    tokens: Mapping[str, Sequence[str]]


def tokens_by_tenant(configuration: Configuration, settings: Settings) -> dict[str, list[str]]:
    """Follow every tenant's references to its tokens.

    Raises InvalidSettings when one leads nowhere, or when there is no tenant whose callbacks could be verified.
    """
    if not configuration.tenants:
        raise InvalidSettings(
            "TWILIO_ACCOUNT_SID",
            "is not set and no tenant is declared, so no callback could be verified",
            "set it and TWILIO_AUTH_TOKEN, or declare tenants in messaging.toml",
        )
    return {
        key: [settings.read_secret(reference) for reference in _references(tenant)]
        for key, tenant in configuration.tenants.items()
    }


def _references(tenant: Tenant) -> list[str]:
    return [reference for reference in (tenant.auth_token, tenant.auth_token_secondary) if reference]


def signed_by_twilio(address: str) -> Callable[[View], View]:
    """Declare that a view answers only requests that Twilio signed for the tenant in its path; others get 403."""

    def declare(view: View) -> View:
        @functools.wraps(view)
        def guarded(tenant: str = "default", **values: Any) -> Response:
            signatures: Signatures = current_app.extensions[EXTENSION]
            if tenant not in signatures.tokens:
                raise NotFound
            read_body()
            if not _is_signed(signatures, address, tenant):
                raise Forbidden
            return view(tenant=tenant, **values)

        guarded.authentication = f"signed by Twilio ({address})"  # type: ignore[attr-defined]
        return guarded

    return declare


def open_to_everybody(view: View) -> View:
    """Declare that a view answers everybody: it must tell nothing and change nothing."""
    view.authentication = "open to everybody"  # type: ignore[attr-defined]
    return view


def _is_signed(signatures: Signatures, address: str, tenant: str) -> bool:
    return (
        verify(
            signatures.addresses[address].of(raw_target(request.environ)),
            request.form,
            request.headers.get("X-Twilio-Signature"),
            signatures.tokens[tenant],
            request.headers.get("X-Twilio-Webhooks-Signature-Settings"),
        )
        is not None
    )
