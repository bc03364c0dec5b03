"""A pipeline for Twilio SMS and MMS: sent at most once, never lost, within the rate, always visible.

What a producer needs::

    from messaging_pipeline import Pipeline

    with Pipeline() as pipeline:
        message_id = pipeline.send(to="+14155550123", body="Your table is ready.")
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from messaging_pipeline.errors import (
    IdempotencyConflict,
    InvalidInput,
    InvalidSettings,
    NotAllowed,
    NotFound,
    NotReachable,
    PipelineError,
)
from messaging_pipeline.ids import MessageId
from messaging_pipeline.keyword_handlers.call import KeywordCall

if TYPE_CHECKING:
    from messaging_pipeline.pipeline import Pipeline
    from messaging_pipeline.settings import Settings

__all__ = [
    "IdempotencyConflict",
    "InvalidInput",
    "InvalidSettings",
    "KeywordCall",
    "MessageId",
    "NotAllowed",
    "NotFound",
    "NotReachable",
    "Pipeline",
    "PipelineError",
    "Settings",
]

_LOADED_WHEN_USED = {"Pipeline": "messaging_pipeline.pipeline", "Settings": "messaging_pipeline.settings"}


def __getattr__(name: str) -> Any:
    """Load what needs a database driver only where it is used: the webhook tier has none."""
    if name in _LOADED_WHEN_USED:
        return getattr(import_module(_LOADED_WHEN_USED[name]), name)
    raise AttributeError(name)
