"""How tenants, services and all else in the file are called, and what they are called when nobody says."""

from typing import Annotated

from messaging_pipeline.ids import ServiceKey, TenantKey
from messaging_pipeline.validation.shapes import NAME

DEFAULT_TENANT = TenantKey("default")
DEFAULT_SERVICE = ServiceKey("default")

Key = Annotated[str, NAME]
