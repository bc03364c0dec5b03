"""The channel `push`: a notification on a device, or on all that follow a topic, by Firebase Cloud Messaging."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from messaging_pipeline.fallback.fcm import Fcm
from messaging_pipeline.fallback.leaving import Leaving
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.messages.plan import PushStep

#: For title, text and data; Firebase takes 4,096 bytes with all that stands around them
#: (https://firebase.google.com/docs/cloud-messaging/customize-messages/set-message-type).
MOST_BYTES = 3500

_CUT = "..."


@dataclass(frozen=True, slots=True)
class ByPush:
    """Sends notifications, each tenant's by its own Firebase project."""

    projects: Mapping[str, Fcm]

    def send(self, leaving: Leaving) -> Posted:
        """Send one notification."""
        step = leaving.step
        assert isinstance(step, PushStep)  # noqa: S101
        project = self.projects.get(leaving.tenant)
        if project is None:
            return Posted("refused", "the tenant has no Firebase project; see fcm_service_account")
        return project.post(_notification(leaving, step))


def _notification(leaving: Leaving, step: PushStep) -> dict[str, Any]:
    """Name the step to the device, too: should it ever come twice, it is shown once."""
    data = {**step.data, "message_id": str(leaving.message_id), "step": leaving.token}
    room_bytes = MOST_BYTES - _bytes(step.title + "".join(f"{name}{value}" for name, value in data.items()))
    text = short_text(step.body or leaving.body, () if step.body else leaving.media_urls, room_bytes)
    return {
        **({"token": step.to} if step.to else {"topic": step.topic}),
        "notification": {"title": step.title, "body": text},
        "data": data,
        "android": {"notification": {"tag": leaving.token}},
        "apns": {"headers": {"apns-collapse-id": leaving.token}},
    }


def short_text(body: str | None, links: Sequence[str], room_bytes: int) -> str:
    """Return the text and the links below it that fit; half a link leads nowhere, so the last ones go first."""
    kept = list(links)
    while kept and _bytes("\n".join([body or "", *kept])) > room_bytes:
        kept.pop()
    text = "\n".join(part for part in [body or "", *kept] if part)
    if _bytes(text) <= room_bytes:
        return text
    return text.encode("utf-8", "replace")[: room_bytes - len(_CUT)].decode("utf-8", "ignore") + _CUT


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))
