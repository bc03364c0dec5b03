"""Watches a stack through an outage: hands messages over, calls the webhooks, and compares with Twilio's ledger."""

import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import urllib3

from messaging_pipeline import Pipeline, Settings
from messaging_pipeline.simulator.control_client import SimulatorControl
from messaging_pipeline.stack.local import LocalStack
from messaging_pipeline.twilio_api.signature import sign
from tests.support.rate_bound import Use
from tests.support.waiting import eventually

#: What Twilio itself allows a webhook.
_TWILIO_WAITS_SECONDS = 15.0
_LOCAL_NUMBERS = range(2_000_000, 9_999_999)
DELIVERED = frozenset({"delivered"})
#: A message of nobody's.
STRANGER = "SM" + "0" * 32


@dataclass(frozen=True, slots=True)
class Witness:
    """Somebody who has nothing of the stack's but its addresses."""

    stack: LocalStack
    pipeline: Pipeline
    twilio: SimulatorControl

    def send(self, count: int, service: str = "default") -> dict[UUID, str]:
        """Hand messages over, each to a number of its own; return the numbers by message."""
        recipients = [f"+1415{local}" for local in random.sample(_LOCAL_NUMBERS, count)]
        return {self.pipeline.send(to=to, body="Hello.", service=service): to for to in recipients}

    def wait_until_created(self, sent: Mapping[UUID, str], at_least: int | None = None) -> None:
        """Wait until so many messages, by default all, are at Twilio."""
        wanted = len(sent) if at_least is None else at_least
        eventually(
            lambda: len(self._created(sent)) >= wanted, f"{wanted} messages at Twilio", instead=self.twilio.state
        )

    def wait_until(self, sent: Mapping[UUID, str], statuses: frozenset[str]) -> Counter[str]:
        """Wait until each message has one of these statuses; return how many have which."""
        open_ones = set(sent)

        def all_there() -> bool:
            open_ones.difference_update([one for one in open_ones if self.pipeline.show(one)["status"] in statuses])
            return not open_ones

        eventually(all_there, f"{sorted(statuses)} everywhere", 90, instead=lambda: self._lives(open_ones))
        return self.statuses(sent)

    def statuses(self, sent: Mapping[UUID, str]) -> Counter[str]:
        """Count the messages by status."""
        return Counter(self.pipeline.show(message_id)["status"] for message_id in sent)

    def sent_twice(self, sent: Mapping[UUID, str]) -> dict[str, int]:
        """Return who got more than one message, by Twilio's own account."""
        return {to: count for to, count in self._created(sent).items() if count > 1}

    def never_sent(self, sent: Mapping[UUID, str]) -> set[UUID]:
        """Return the messages that Twilio never made."""
        created = self._created(sent)
        return {message_id for message_id, to in sent.items() if not created[to]}

    def doubted(self, sent: Mapping[UUID, str]) -> set[UUID]:
        """Return the messages that were in doubt at any time."""
        return {
            one for one in sent if "unconfirmed" in [event["status"] for event in self.pipeline.show(one)["events"]]
        }

    def uses(self, sent: Mapping[UUID, str]) -> list[Use]:
        """Return when what was asked of Twilio."""
        return [Use(int(create["received_at"] * 1e6), create["segments"]) for create in self._creates(sent)]

    def callback(self, sid: str, status: str, message_id: UUID | None = None) -> int:
        """Call the status webhook as Twilio does, and return what it answers, within the time that Twilio waits."""
        settings = self.stack.environment
        url = settings["TWILIO_STATUS_CALLBACK_PUBLIC_URL"] + (f"/{message_id}" if message_id else "")
        form = {"MessageSid": sid, "MessageStatus": status, "AccountSid": settings["TWILIO_ACCOUNT_SID"]}
        answer = urllib3.request(
            "POST",
            url,
            body=urlencode(form),
            headers={
                "Content-Type": "application/x-www-form-urlencoded",
                "X-Twilio-Signature": sign(url, form, settings["TWILIO_AUTH_TOKEN"]),
            },
            timeout=_TWILIO_WAITS_SECONDS,
            retries=False,
        )
        return answer.status

    def callbacks(self, count: int, sid: str, status: str) -> set[int]:
        """Call so often at once; return the different answers."""
        with ThreadPoolExecutor(count) as callers:
            return set(callers.map(lambda _: self.callback(sid, status), range(count)))

    def _creates(self, sent: Mapping[UUID, str]) -> list[dict[str, Any]]:
        recipients = set(sent.values())
        return [create for create in self.twilio.ledger()["creates"] if create["to"] in recipients]

    def _created(self, sent: Mapping[UUID, str]) -> Counter[str]:
        return Counter(create["to"] for create in self._creates(sent) if create["created"])

    def _lives(self, message_ids: Sequence[UUID] | set[UUID]) -> list[object]:
        return [
            [(event["status"], event["source"]) for event in self.pipeline.show(message_id)["events"]]
            for message_id in message_ids
        ]


@contextmanager
def witness_of(stack: LocalStack) -> Iterator[Witness]:
    """Have a witness for the length of a ``with`` block."""
    assert stack.simulator is not None
    with (
        Pipeline(Settings.from_environment(stack.environment)) as pipeline,
        SimulatorControl(stack.simulator.url) as twilio,
    ):
        yield Witness(stack, pipeline, twilio)


def works_again(witness: Witness) -> None:
    """All processes do their work."""
    eventually(lambda: witness.callback(STRANGER, "sent") == 204, "a callback that is taken")
    sent = witness.send(5)
    witness.wait_until(sent, DELIVERED)
    assert witness.sent_twice(sent) == {}
