"""Connects a keyword with what it calls, as ``messaging.toml`` says."""

from messaging_pipeline.configuration import Configuration
from messaging_pipeline.entry_points import load_function
from messaging_pipeline.keyword_handlers.call import Way
from messaging_pipeline.keyword_handlers.ways import ByCelery, ByPython, ByReceiver
from messaging_pipeline.policies.keywords import Handler
from messaging_pipeline.publish import Publisher
from messaging_pipeline.signed_calls.calling import SignedCalls


class Switchboard:
    """Made when a worker starts: one that cannot import a handler's function must not start."""

    def __init__(self, configuration: Configuration, publisher: Publisher, calls: SignedCalls) -> None:
        """Import every function; raises InvalidSettings. Nothing is called yet."""
        self._publisher = publisher
        self._calls = calls
        self._functions = {
            handler.python: load_function(
                handler.python, f"MESSAGING_CONFIG {place}.keywords.handlers.{word}.python", arguments=1
            )
            for place, (_, policy) in configuration.keyword_policies().items()
            for word, handler in policy.handlers.items()
            if handler.python is not None
        }

    def way_to(self, handler: Handler) -> Way:
        """Return how a handler is called."""
        if handler.python is not None:
            return ByPython(self._functions[handler.python])
        if handler.celery is not None:
            return ByCelery(self._publisher, handler.celery.task, handler.celery.queue)
        return ByReceiver(self._calls, handler.receiver or "")
