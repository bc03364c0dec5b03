"""Functions of somebody else's that the configuration names, as `module:function`."""

import inspect
from collections.abc import Callable
from importlib import import_module
from typing import Annotated, Any

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.validation.shapes import Shape

_ENTRY_POINT = Shape(
    r"[A-Za-z_][\w.]*:[A-Za-z_]\w*", "is no function; write `module:function`, such as shop.sms:answer"
)

EntryPoint = Annotated[str, _ENTRY_POINT]


def load_function(entry_point: str, setting: str, arguments: int) -> Callable[..., Any]:
    """Import ``module:function``, which takes so many arguments; call it when a process starts, not when work comes.

    Raises InvalidSettings, naming the setting, when it is not there or cannot be called so.
    """
    module_name, _, name = entry_point.partition(":")
    try:
        function: Any = getattr(import_module(module_name), name)
    except Exception as error:  # noqa: BLE001 - a module may raise anything while it is imported
        reason = f"{entry_point} cannot be loaded ({type(error).__name__}: {error})"
        raise InvalidSettings(setting, reason, "correct the path") from None
    if not callable(function) or inspect.iscoroutinefunction(function):
        raise InvalidSettings(setting, f"{entry_point} is no function", "name one that is not async")
    if not _takes(function, arguments):
        raise InvalidSettings(setting, f"{entry_point} does not take {arguments} argument(s)", "correct the function")
    loaded: Callable[..., Any] = function
    return loaded


def _takes(function: Callable[..., Any], arguments: int) -> bool:
    try:
        inspect.signature(function).bind(*range(arguments))
    except TypeError:
        return False
    except ValueError:  # some functions that are written in C do not say what they take
        return True
    return True
