"""How tenants, services and all else in the file are called, and what they are called when nobody says."""

from typing import Annotated

from pydantic import StringConstraints

from messaging_pipeline.ids import ServiceKey, TenantKey

DEFAULT_TENANT = TenantKey("default")
DEFAULT_SERVICE = ServiceKey("default")

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
