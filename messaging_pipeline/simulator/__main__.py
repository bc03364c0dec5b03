"""The simulator as a command: ``python -m messaging_pipeline.simulator``."""

import argparse
import asyncio
import json
import logging
import os
import secrets
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import NoReturn

from messaging_pipeline.simulator.configuration import (
    DEFAULT_ACCOUNT_SID,
    DEFAULT_AUTH_TOKEN,
    AccountConfig,
    ConfigurationError,
    SimulatorConfig,
    StandIns,
)
from messaging_pipeline.simulator.configuration_file import read_file
from messaging_pipeline.simulator.running import running
from messaging_pipeline.simulator.web_urls import is_web_url

DEFAULT_PORT = 4010


def run(argv: Sequence[str]) -> int:
    """Serve until SIGTERM or SIGINT. Returns 0, or 2 for wrong usage, or 1 when a port is taken."""
    try:
        config = _config(argv, os.environ)
    except ConfigurationError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 2
    logging.getLogger("mail.log").setLevel(logging.ERROR)  # aiosmtpd warns of itself at every login
    try:
        asyncio.run(_serve(config))
    except OSError as error:
        sys.stderr.write(f"--port or --smtp-port: cannot listen ({error.strerror})\n")
        return 1
    return 0


async def _serve(config: SimulatorConfig) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(config) as simulator:
        sys.stdout.write(json.dumps(asdict(simulator)) + "\n")
        sys.stdout.flush()
        await stop.wait()


def _config(argv: Sequence[str], environment: Mapping[str, str]) -> SimulatorConfig:
    options = _parser(environment).parse_args(argv)
    if options.speed <= 0:
        raise ConfigurationError("--speed: must be more than 0")
    if options.latency_ms is not None and options.latency_ms < 0:
        raise ConfigurationError("--latency-ms: must be 0 or more")
    if options.inbound_url and not is_web_url(options.inbound_url):
        raise ConfigurationError("--inbound-url: must be an http or https URL")
    if options.sendgrid_events_url and not is_web_url(options.sendgrid_events_url):
        raise ConfigurationError("--sendgrid-events-url: must be an http or https URL")
    config = SimulatorConfig(
        accounts=(AccountConfig(options.account_sid, options.auth_token),),
        host=options.host,
        port=options.port,
        smtp_port=options.smtp_port,
        inbound_url=options.inbound_url,
        stand_ins=StandIns(sendgrid_events_url=options.sendgrid_events_url),
        seed=options.seed,
        speed=options.speed,
    )
    if options.config:
        config = read_file(options.config, config)
    if options.latency_ms is not None:
        config = replace(config, faults=replace(config.faults, latency_ms=options.latency_ms))
    return config


class _Parser(argparse.ArgumentParser):
    """Reports wrong usage like any other wrong configuration."""

    def error(self, message: str) -> NoReturn:
        """Raise instead of leaving the process."""
        raise ConfigurationError(message)


def _parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m messaging_pipeline.simulator",
        description="Twilio Programmable Messaging on this machine, misbehaviour included.",
    )
    add = parser.add_argument
    add("--host", default="127.0.0.1", help="address to listen on; anything but loopback opens the controls")
    add("--port", type=int, default=DEFAULT_PORT, help="HTTP port, 0 for a free one (default: %(default)s)")
    add("--smtp-port", type=int, default=0, help="port of the mail server, 0 for a free one")
    add("--config", type=Path, metavar="FILE.toml", help="accounts, services, senders, faults, timings")
    add(
        "--account-sid",
        default=environment.get("TWILIO_ACCOUNT_SID") or DEFAULT_ACCOUNT_SID,
        help="the account, unless the file lists some (default: TWILIO_ACCOUNT_SID)",
    )
    add(
        "--auth-token",
        default=environment.get("TWILIO_AUTH_TOKEN") or DEFAULT_AUTH_TOKEN,
        help="its token (default: TWILIO_AUTH_TOKEN)",
    )
    add(
        "--inbound-url",
        default=environment.get("TWILIO_INBOUND_WEBHOOK_PUBLIC_URL") or None,
        help="where inbound messages are posted, unless their number or service says otherwise"
        " (default: TWILIO_INBOUND_WEBHOOK_PUBLIC_URL)",
    )
    add("--sendgrid-events-url", help="where SendGrid posts what became of letters (default: nowhere)")
    add("--latency-ms", type=float, help="how long every answer of the API takes (default: 0)")
    add("--seed", type=int, default=secrets.randbits(32), help="makes a run repeatable (default: a new one)")
    add("--speed", type=float, default=1.0, help="how much faster than real time carriers are (default: 1)")
    return parser


def main() -> NoReturn:
    """Run as a process."""
    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
