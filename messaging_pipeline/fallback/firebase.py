"""The Firebase projects of the tenants, from their service accounts; Google's library is an extra, and loaded late."""

import json
from collections.abc import Mapping
from importlib import import_module

from messaging_pipeline.configuration import DEFAULT_TENANT, Configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.fallback.fcm import AccessTokens, Fcm
from messaging_pipeline.settings import Settings

_NEEDED = ("project_id", "client_email", "private_key", "token_uri")


def firebase_projects(settings: Settings, configuration: Configuration) -> dict[str, Fcm]:
    """Return each tenant's project; the environment's is the tenant ``default``'s, unless the file gives it another.

    Raises InvalidSettings naming what is wrong with an account, and never its key.
    """
    named = {DEFAULT_TENANT: ("FCM_SERVICE_ACCOUNT", settings.fcm_service_account)} | {
        key: (f"MESSAGING_CONFIG tenants.{key}.fcm_service_account", tenant.fcm_service_account)
        for key, tenant in configuration.tenants.items()
        if tenant.fcm_service_account is not None
    }
    return {
        key: _project(settings, setting, reference)
        for key, (setting, reference) in named.items()
        if reference is not None
    }


def _project(settings: Settings, setting: str, reference: str) -> Fcm:
    account = _account(settings.read_secret(reference), setting)
    return Fcm(settings.fcm_api_base_url, account["project_id"], _tokens(account, setting))


def _account(text: str, setting: str) -> Mapping[str, str]:
    remedy = "download a new key of the service account as JSON"
    try:
        account = json.loads(text)
    except ValueError:
        raise InvalidSettings(setting, "leads to something that is not JSON", remedy) from None
    for name in _NEEDED:
        if not isinstance(account, dict) or not isinstance(account.get(name), str) or not account[name]:
            raise InvalidSettings(setting, f"leads to a service account without {name}", remedy)
    return dict(account)


def _tokens(account: Mapping[str, str], setting: str) -> AccessTokens:
    try:
        google = import_module("messaging_pipeline.fallback.google_tokens")
    except ImportError:
        remedy = "install it with `pip install 'messaging-pipeline[push]'`"
        raise InvalidSettings(setting, "needs google-auth, which is not installed", remedy) from None
    try:
        tokens: AccessTokens = google.GoogleTokens(account)
    except ValueError:
        raise InvalidSettings(
            setting, "leads to a private_key that is none", "download a new key of the service account as JSON"
        ) from None
    return tokens
