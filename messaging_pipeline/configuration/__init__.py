"""Tenants, services and limits as ``messaging.toml`` declares them; with no file, one of each from the environment."""

from messaging_pipeline.configuration.keys import DEFAULT_SERVICE, DEFAULT_TENANT
from messaging_pipeline.configuration.limits import DailyCap, ReconcilePolicy
from messaging_pipeline.configuration.loading import load_configuration
from messaging_pipeline.configuration.service import Service
from messaging_pipeline.configuration.tenant import Tenant
from messaging_pipeline.configuration.whole import Configuration

__all__ = [
    "DEFAULT_SERVICE",
    "DEFAULT_TENANT",
    "Configuration",
    "DailyCap",
    "ReconcilePolicy",
    "Service",
    "Tenant",
    "load_configuration",
]
