"""Makes the Flask application of the webhook tier; it knows no database."""

from collections.abc import Callable, Sequence

from flask import Flask

from messaging_pipeline.answering.answer import Answering, declares_answers
from messaging_pipeline.answering.loop_guard import LoopGuard
from messaging_pipeline.clock import Clock, SystemClock
from messaging_pipeline.configuration import Configuration, load_configuration
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.redis_client import open_redis
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.settings import Settings
from messaging_pipeline.twilio_api.sendgrid_events import read_public_key
from webhooks import answers
from webhooks.authentication import EXTENSION, Signatures
from webhooks.body import limit_bodies
from webhooks.health import health
from webhooks.inbound import ANSWERING, CONFIGURATION, PUBLISHER, SEALER, inbound
from webhooks.outlet import Outlet, Report
from webhooks.public_address import public_addresses
from webhooks.sendgrid import SENDGRID_KEY, sendgrid
from webhooks.status import CLOCK, OUTLET, status
from webhooks.tenants import tokens_by_tenant
from webhooks.voice import voice


def create_app(settings: Settings, *, clock: Clock | None = None) -> Flask:
    """Make the application; raises InvalidSettings naming what is missing or wrong."""
    app = Flask("webhooks", static_folder=None)
    limit_bodies(app)
    app.url_map.strict_slashes = True
    publisher = Publisher(settings.broker_url)
    configuration, sealer, clock = load_configuration(settings), Sealer(settings.sealing_keys()), clock or SystemClock()
    app.extensions[EXTENSION] = Signatures(public_addresses(settings), tokens_by_tenant(configuration, settings))
    app.extensions[CONFIGURATION] = configuration
    app.extensions[CLOCK] = clock
    app.extensions[SEALER] = sealer
    app.extensions[ANSWERING] = _answering(configuration, settings, sealer, clock)
    app.extensions[PUBLISHER] = publisher
    key = settings.sendgrid_webhook_public_key
    app.extensions[SENDGRID_KEY] = read_public_key(key) if key else None
    app.extensions[OUTLET] = Outlet(_publish_with(publisher))
    for blueprint in (status, inbound, voice, sendgrid, health):
        app.register_blueprint(blueprint)
    answers.register(app)
    return app


def _answering(configuration: Configuration, settings: Settings, sealer: Sealer, clock: Clock) -> Answering | None:
    """Nothing to answer means no desk, and no Redis."""
    if not declares_answers(configuration):
        return None
    if settings.redis_url is None:
        raise InvalidSettings(
            "REDIS_URL",
            "is not set, and the answers to keywords are counted there",
            "set it, or take the answers out of messaging.toml",
        )
    return Answering(LoopGuard.of(open_redis(settings.redis_url.get_secret_value()), sealer, clock))


def _publish_with(publisher: Publisher) -> Callable[[Sequence[Report]], None]:
    def publish(reports: Sequence[Report]) -> None:
        publisher.publish(Task.APPLY_STATUSES, {"reports": list(reports)})

    return publish
