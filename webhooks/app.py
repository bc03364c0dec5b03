"""Makes the Flask application of the webhook tier; it knows no database."""

from collections.abc import Callable, Sequence

from flask import Flask

from messaging_pipeline.clock import Clock, SystemClock
from messaging_pipeline.configuration import load_configuration
from messaging_pipeline.publish import Publisher
from messaging_pipeline.queues import Task
from messaging_pipeline.sealing import Sealer
from messaging_pipeline.settings import Settings
from webhooks import answers
from webhooks.authentication import EXTENSION, Signatures, tokens_by_tenant
from webhooks.body import limit_bodies
from webhooks.health import health
from webhooks.inbound import PUBLISHER, SEALER, inbound
from webhooks.outlet import Outlet, Report
from webhooks.public_address import public_addresses
from webhooks.status import CLOCK, OUTLET, status


def create_app(settings: Settings, *, clock: Clock | None = None) -> Flask:
    """Make the application; raises InvalidSettings naming what is missing or wrong."""
    app = Flask("webhooks", static_folder=None)
    limit_bodies(app)
    app.url_map.strict_slashes = True
    publisher = Publisher(settings.broker_url)
    app.extensions[EXTENSION] = Signatures(
        public_addresses(settings), tokens_by_tenant(load_configuration(settings), settings)
    )
    app.extensions[CLOCK] = clock or SystemClock()
    app.extensions[SEALER] = Sealer(settings.sealing_keys())
    app.extensions[PUBLISHER] = publisher
    app.extensions[OUTLET] = Outlet(_publish_with(publisher))
    for blueprint in (status, inbound, health):
        app.register_blueprint(blueprint)
    answers.register(app)
    return app


def _publish_with(publisher: Publisher) -> Callable[[Sequence[Report]], None]:
    def publish(reports: Sequence[Report]) -> None:
        publisher.publish(Task.APPLY_STATUSES, {"reports": list(reports)})

    return publish
