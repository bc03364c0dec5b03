"""What outlives a reset: the present world, the address it is served at, and the end of it all."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from messaging_pipeline.simulator.configuration import SimulatorConfig
from messaging_pipeline.simulator.sendgrid_events import EventKey
from messaging_pipeline.simulator.webhook_post import WebhookPost
from messaging_pipeline.simulator.world import World


@dataclass(slots=True)
class Stage:
    """The one mutable place of the server. ``url`` is known only when the port is, and ``files_url`` too: the same
    pages at another port, and so another origin, where the files of messages are.
    """

    config: SimulatorConfig
    post: WebhookPost
    world: World
    url: str = ""
    event_key: EventKey = field(default_factory=EventKey)
    files_url: str = ""
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    async def reset(self) -> None:
        """Begin again as after the start: nothing sent, nobody opted out, the configured faults."""
        await self.world.end()
        self.world = World(self.config, self.post)


STAGE: web.AppKey[Stage] = web.AppKey("stage", Stage)
