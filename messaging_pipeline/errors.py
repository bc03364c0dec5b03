"""What can go wrong at the front door; every error says what to do, and none repeats a number or a body."""

from uuid import UUID


class PipelineError(Exception):
    """Root of every error that this package raises on purpose."""


class InvalidInput(PipelineError):
    """Raised when a field of a request is wrong; nothing has been written.

    ``field`` is the argument's name as the caller spelled it, ``reason`` what is wrong with it,
    ``remedy`` what to do. The value itself is never part of the text.
    """

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(field, reason, remedy)
        self.field = field
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}; {self.remedy}"


class IdempotencyConflict(PipelineError):
    """Raised when a key, or a message id, was used before for a message with other content."""

    def __init__(self, field: str, first: UUID) -> None:
        super().__init__(field, first)
        self.field = field
        self.first = first

    def __str__(self) -> str:
        return (
            f"{self.field}: was used before for message {self.first} with other content; "
            f"use a new {self.field}, or send the same content to get that message's id"
        )


class InvalidSettings(PipelineError):
    """Raised at start when the environment or the configuration file is wrong."""

    def __init__(self, setting: str, reason: str, remedy: str) -> None:
        super().__init__(setting, reason, remedy)
        self.setting = setting
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.setting}: {self.reason}; {self.remedy}"


class NotReachable(PipelineError):
    """Raised when a server we depend on does not answer, or not to us.

    ``setting`` names where its address comes from.
    """

    def __init__(self, what: str, setting: str) -> None:
        super().__init__(what, setting)
        self.what = what
        self.setting = setting

    def __str__(self) -> str:
        return (
            f"{self.what} is not reachable, or refuses the login; check {self.setting} and that the server is running"
        )


class NotTried(NotReachable):
    """Raised in place of it when nobody even tried, since somebody has just waited in vain: nothing has left."""


class NotFound(PipelineError):
    """Raised when nothing has the id that was asked for."""

    def __init__(self, what: str, key: str) -> None:
        super().__init__(what, key)
        self.what = what
        self.key = key

    def __str__(self) -> str:
        return f"there is no {self.what} {self.key}"


class NotAllowed(PipelineError):
    """Raised when a message's status does not permit what was asked; nothing has changed."""
