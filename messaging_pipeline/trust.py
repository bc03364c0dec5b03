"""Whose certificates we believe when a server on the outside shows one."""

import ssl
from functools import cache

import certifi


@cache
def public_trust() -> ssl.SSLContext:
    """Trust the host's certificates, and certifi's, for hosts that have none (macOS, slim images)."""
    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context
