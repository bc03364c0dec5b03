"""The simulated world: every part of it, built together and thrown away together."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from messaging_pipeline.simulator.accounts import AccountBook
from messaging_pipeline.simulator.call_book import CallBook
from messaging_pipeline.simulator.callbacks import StatusCallbacks
from messaging_pipeline.simulator.carrier import Carrier
from messaging_pipeline.simulator.chance import Chance
from messaging_pipeline.simulator.configuration import SimulatorConfig
from messaging_pipeline.simulator.create_faults import CreateFaults
from messaging_pipeline.simulator.ledger import Ledger
from messaging_pipeline.simulator.mail import Mailbox
from messaging_pipeline.simulator.message import Message
from messaging_pipeline.simulator.message_store import MessageStore
from messaging_pipeline.simulator.objects import StoredObject
from messaging_pipeline.simulator.opt_outs import OptOuts
from messaging_pipeline.simulator.sender_book import SenderBook
from messaging_pipeline.simulator.senders import Sender
from messaging_pipeline.simulator.service_account import Firebase
from messaging_pipeline.simulator.simulated_time import SimulatedTime, unix_now
from messaging_pipeline.simulator.ticket_systems.desk import Desk
from messaging_pipeline.simulator.ticket_systems.jira import Jira
from messaging_pipeline.simulator.ticket_systems.servicenow import ServiceNow
from messaging_pipeline.simulator.ticket_systems.zendesk import Zendesk
from messaging_pipeline.simulator.verifications import Verifications
from messaging_pipeline.simulator.webhook_post import WebhookPost


class World:
    """Holds all state of one run. Must be made inside the running loop, and ended with ``end``."""

    def __init__(self, config: SimulatorConfig, post: WebhookPost) -> None:
        self.config = config
        self.faults = config.faults
        self.post = post
        self.started_at = unix_now()
        self.time = SimulatedTime(config.speed)
        self.accounts = AccountBook(config.accounts, self.started_at)
        self.senders = SenderBook(config, self.started_at)
        self.messages = MessageStore()
        self.opt_outs = OptOuts()
        self.consents: dict[tuple[str, str], dict[str, str]] = {}
        self.ledger = Ledger()
        self.mailbox = Mailbox()
        self.firebase = Firebase()
        self.objects: dict[tuple[str, str], StoredObject] = {}
        self.desks: dict[str, Desk] = {"zendesk": Zendesk(), "jira": Jira(), "servicenow": ServiceNow()}
        self.signed_calls = CallBook()
        chance = Chance(config.seed)
        self.create_faults = CreateFaults(chance)
        self.verifications = Verifications(chance)
        self.lookups: list[dict[str, str]] = []
        self.callbacks = StatusCallbacks(
            post, self.time, chance, lambda: self.faults, self.accounts.token_of, self.spawn
        )
        self.carrier = Carrier(config.carrier, chance, self.time, self.callbacks, self.is_blocked)
        self._tasks: set[asyncio.Task[None]] = set()

    def is_blocked(self, message: Message, sender: Sender) -> bool:
        """Say whether Twilio keeps this message from its recipient, who has opted out."""
        return message.fate.opted_out or self.opt_outs.is_blocked(sender.opt_out_scope, message.to)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Let something happen on the side, until the world ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end(self) -> None:
        """Stop everything that is still going on, and forget it."""
        self.time.stop()
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
