"""The Celery application that `celery -A workers.app` starts, from the environment."""

import os

from celery import Celery

from messaging_pipeline.publish import make_celery
from messaging_pipeline.settings import Settings
from workers import lifecycle, redis_transport, schedule
from workers.starting import stopping_at_a_wrong_start


def create_app(settings: Settings) -> Celery:
    """Make the application with its tasks, its schedule and what happens when a worker starts and stops."""
    redis_transport.use_for_redis()
    celery = make_celery("messaging-pipeline", settings.broker_url)
    celery.conf.beat_schedule = schedule.BEAT
    celery.conf.imports = ("workers.tasks",)
    celery.set_default()
    celery.set_current()
    lifecycle.connect(settings)
    return celery


with stopping_at_a_wrong_start("celery"):
    app = create_app(Settings.from_environment(os.environ))
