"""Serves the webhook tier: ``python -m webhooks`` listens on HOST and PORT."""

import os
import sys

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.log import configure_logging
from messaging_pipeline.settings import Settings
from webhooks.app import create_app
from webhooks.serving import refuse_taken_ports, serve


def main() -> int:
    """Serve until SIGTERM or SIGINT; wrong settings are one sentence and exit code 2."""
    try:
        settings = Settings.from_environment(os.environ)
        configure_logging(log_format=settings.log_format)
        create_app(settings)
        refuse_taken_ports(settings)
    except InvalidSettings as error:
        print(f"webhooks: {error}", file=sys.stderr)  # noqa: T201
        return 2
    serve(settings)
    return 0


if __name__ == "__main__":
    sys.exit(main())
