"""Commands for a laptop: the whole pipeline on one machine, with a simulator in Twilio's place."""

import os
import sys
from pathlib import Path

import click

# The stack and the simulator come with the `local` extra and take a moment to load: each command loads its own.


@click.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
def demo(file: Path | None) -> None:
    """Send 315 messages, or those of your own FILE (CSV or JSONL), through the whole pipeline, and play a few scenes.

    Everything runs on this machine, against the simulator; nothing reaches a phone or a real mailbox.
    """
    from messaging_pipeline.stack.demo.run import demo as run_demo  # noqa: PLC0415

    sys.exit(run_demo(os.environ, sys.stdout, file=file))


@click.command()
def up() -> None:
    """Run the whole pipeline until Ctrl-C.

    With TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN set it talks to the real Twilio, otherwise to the simulator.
    """
    from messaging_pipeline.stack.up import up as run_up  # noqa: PLC0415

    sys.exit(run_up(os.environ, sys.stdout))


@click.command(
    context_settings={"ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def simulator(arguments: tuple[str, ...]) -> None:
    """Run the Twilio simulator alone; see its own --help."""
    from messaging_pipeline.simulator.__main__ import run  # noqa: PLC0415

    sys.exit(run(arguments))
