"""The ways that a fallback step can go, by their names in a plan."""

from collections.abc import Callable, Mapping
from typing import Any

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.fallback.by_celery import ByCelery
from messaging_pipeline.fallback.by_email import ByEmail
from messaging_pipeline.fallback.by_http import ByHttp
from messaging_pipeline.fallback.by_push import ByPush
from messaging_pipeline.fallback.by_sms import BySms
from messaging_pipeline.fallback.firebase import firebase_projects
from messaging_pipeline.fallback.leaving import Channel
from messaging_pipeline.fallback.postbox import postbox_from
from messaging_pipeline.ids import MessageId
from messaging_pipeline.publish import Publisher
from messaging_pipeline.settings import Settings
from messaging_pipeline.signed_calls.calling import SignedCalls


def channels_of(
    settings: Settings,
    configuration: Configuration,
    calls: SignedCalls,
    publisher: Publisher,
    accept: Callable[[Mapping[str, Any]], MessageId],
) -> dict[str, Channel]:
    """Return every channel; raises InvalidSettings for what a worker must not start without."""
    return {
        "email": ByEmail(postbox_from(settings)),
        "sms": BySms(accept),
        "http": ByHttp(calls),
        "celery": ByCelery(publisher),
        "push": ByPush(firebase_projects(settings, configuration)),
    }
