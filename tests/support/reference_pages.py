"""Writes the pages that are made from the code: ``python -m tests.support.reference_pages``."""

import ast
from collections.abc import Iterator
from typing import Any

import click

from messaging_pipeline.accept import request
from messaging_pipeline.cli.main import cli
from messaging_pipeline.configuration.whole import Configuration
from messaging_pipeline.queues import QUEUE_OF, Task
from messaging_pipeline.settings import Settings
from tests.support.product_source import PROJECT
from tests.support.reference_schema import rows, sections
from workers.schedule import BEAT

DOCS = PROJECT / "docs"
_MADE = "This page is made from the code: `python -m tests.support.reference_pages`."
_WIDTHS: dict[str, Any] = {"terminal_width": 100, "max_content_width": 100}
OF_PRODUCERS = (Task.SEND, Task.SEND_MANY, Task.CANCEL)


def configuration_page() -> str:
    """Every variable and every key of ``messaging.toml``, with types, bounds and defaults."""
    variables = Settings.model_json_schema(by_alias=True)
    variables["properties"].pop("environment")
    schema = Configuration.model_json_schema()
    parts = [
        "# Settings, key by key",
        f"{_MADE} What settings are for, with examples, is in [configuration.md](configuration.md).",
        "## Variables",
        rows(variables, head="environment"),
        "## The whole file",
        "`messaging.toml`, at `MESSAGING_CONFIG`. A key that is not listed here stops the process.",
        rows(schema),
        *sections(schema),
    ]
    return _joined(parts)


def commands_page() -> str:
    """What every command says about itself."""
    helps = (f"## {path}\n\n```text\n{text}\n```" for path, text in _helps(cli, "messaging-pipeline"))
    head = ["# The command line, command by command", f"{_MADE} It is what `--help` says.", _EXITS]
    return _joined([*head, *helps])


_EXITS = """\
| leaves with | when |
| --- | --- |
| 0 | it is done |
| 1 | it was refused, or failed |
| 2 | the usage or the settings are wrong; the sentence says which, and the cure |
| 3 | a server is not reachable |"""


def tasks_page() -> str:
    """The tasks, their queues and arguments, and what beat starts."""
    parts = [
        "# Tasks",
        f"{_MADE} Queues, and which workers take from them, are in [operations.md](operations.md).",
        "## For producers",
        "Send them by name, with keyword arguments, to the queue `accept` ([how](../README.md#from-celery)).",
        _task_table(OF_PRODUCERS),
        "### What a message may say",
        "The arguments of `messaging.send`, and of each message of `messaging.send_many`.",
        rows(request._Shape.model_json_schema(), head="argument", page="reference-configuration.md"),
        "## Between the processes",
        "Nobody else sends these. They carry ids, times and codes; what people wrote is sealed.",
        _task_table(task for task in Task if task not in OF_PRODUCERS),
        "## What beat starts",
        "\n".join(["| task | every |", "| --- | --- |", *_beat()]),
    ]
    return _joined(parts)


def _task_table(tasks: Iterator[Task] | tuple[Task, ...]) -> str:
    said = _functions()
    lines = []
    for task in tasks:
        arguments, sentence = said[task]
        named = ", ".join(f"`{argument}`" for argument in arguments)
        lines.append(f"| `{task.value}` | `{QUEUE_OF[task].value}` | {named} | {sentence} |")
    return "\n".join(["| task | queue | arguments | does |", "| --- | --- | --- | --- |", *lines])


def _beat() -> Iterator[str]:
    for entry in BEAT.values():
        yield f"| `{entry['task']}` | {entry['schedule']:g} s |"


def _functions() -> dict[Task, tuple[list[str], str]]:
    """The arguments and the first sentence of every task's function, as the source has them."""
    found = {}
    for path in sorted((PROJECT / "workers").glob("*.py")):
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(function, ast.FunctionDef) and (task := _task_of(function)) is not None:
                arguments = [one.arg for one in function.args.args if one.arg != "self"]
                sentence = (ast.get_docstring(function) or "").partition("\n\n")[0]
                found[task] = (arguments, " ".join(sentence.replace("``", "`").split()))
    return found


def _task_of(function: ast.FunctionDef) -> Task | None:
    for decorator in function.decorator_list:
        if isinstance(decorator, ast.Call):
            for keyword in decorator.keywords:
                if keyword.arg == "name" and ast.unparse(keyword.value).startswith("Task."):
                    return Task[ast.unparse(keyword.value).split(".")[1]]
    return None


def _helps(command: click.Command, path: str, above: click.Context | None = None) -> Iterator[tuple[str, str]]:
    context = click.Context(
        command, info_name=path if above is None else command.name, parent=above, **_WIDTHS, **_own(command)
    )
    command._help_option = None  # click keeps the one of whoever asked first, who may have come without `-h`
    yield path, command.get_help(context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.get_command(context, name)
            if below is not None and not below.hidden:
                yield from _helps(below, f"{path} {name}", context)


def _own(command: click.Command) -> dict[str, Any]:
    return {name: value for name, value in command.context_settings.items() if name == "help_option_names"}


def _joined(parts: list[str]) -> str:
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


PAGES = {
    "reference-configuration.md": configuration_page,
    "reference-commands.md": commands_page,
    "reference-tasks.md": tasks_page,
}

if __name__ == "__main__":
    for name, render in PAGES.items():
        (DOCS / name).write_text(render(), encoding="utf-8")
