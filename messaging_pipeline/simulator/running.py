"""A simulator in the running loop: listening while inside, gone without a trace afterwards."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from aiohttp import web

from messaging_pipeline.simulator.app import make_app
from messaging_pipeline.simulator.configuration import SimulatorConfig
from messaging_pipeline.simulator.smtp import MailServer
from messaging_pipeline.simulator.stage import Stage
from messaging_pipeline.simulator.webhook_post import WebhookPost
from messaging_pipeline.simulator.world import World

_SHUTDOWN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Simulator:
    """Where a running simulator is: the base URL of its API, its mail port (None: no mail), its seed.

    ``files_url`` is another origin, where the files of messages are. ``sendgrid_public_key`` verifies the events that
    its SendGrid posts.
    """

    url: str
    files_url: str
    smtp_port: int | None
    seed: int
    sendgrid_public_key: str


@asynccontextmanager
async def running(config: SimulatorConfig) -> AsyncIterator[Simulator]:
    """Run a simulator while inside the context; raises OSError when a port is taken."""
    async with AsyncExitStack() as cleanup:
        post = WebhookPost()
        cleanup.callback(post.close)
        stage = Stage(config, post, World(config, post))
        cleanup.push_async_callback(_end, stage)
        stage.url, stage.files_url = await _serve_http(stage, cleanup)
        smtp_port = await _serve_mail(stage, cleanup)
        cleanup.callback(stage.closing.set)
        yield Simulator(stage.url, stage.files_url, smtp_port, config.seed, stage.event_key.public_key)


async def _end(stage: Stage) -> None:
    await stage.world.end()


async def _serve_http(stage: Stage, cleanup: AsyncExitStack) -> tuple[str, str]:
    # A caller who gives up must free its held connection, hence the cancellation of handlers.
    runner = web.AppRunner(
        make_app(stage), access_log=None, handler_cancellation=True, shutdown_timeout=_SHUTDOWN_SECONDS
    )
    await runner.setup()
    cleanup.push_async_callback(runner.cleanup)
    for port in (stage.config.port, 0):
        await web.TCPSite(runner, stage.config.host, port).start()
    addresses = runner.addresses  # of one port first; a host name may have two addresses
    return _url(*addresses[0][:2]), _url(*addresses[len(addresses) // 2][:2])


def _url(host: str, port: int) -> str:
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


async def _serve_mail(stage: Stage, cleanup: AsyncExitStack) -> int | None:
    if stage.config.smtp_port is None:
        return None
    server = MailServer(stage)
    cleanup.push_async_callback(server.stop)
    return await server.start(stage.config.host, stage.config.smtp_port)
