"""The application that a WSGI server loads, from the environment: ``webhooks.wsgi:app``."""

import os

from flask import Flask

from messaging_pipeline.log import configure_logging
from messaging_pipeline.metrics import serve_metrics
from messaging_pipeline.settings import Settings
from messaging_pipeline.traces.spans import set_up_traces
from webhooks.app import create_app


def load() -> Flask:
    """Read the environment, open the metrics port and make the application."""
    settings = Settings.from_environment(os.environ)
    configure_logging(log_format=settings.log_format)
    set_up_traces(settings)
    if settings.metrics_port:
        serve_metrics(settings.metrics_port, settings.metrics_host, settings.metrics_folder)
    return create_app(settings)


app = load()
