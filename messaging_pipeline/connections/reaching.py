"""What may have become of a request to somebody outside that brought no answer."""

from messaging_pipeline.errors import PipelineError


class NeverReached(PipelineError):
    """Raised when a request has certainly not reached the server: no byte of it was sent."""


class AnswerLost(PipelineError):
    """Raised when a request was sent, or may have been, and no whole answer came back."""
