"""The channel `sms`: another message, handed over at the pipeline's own door under a key derived from the step."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from messaging_pipeline.errors import IdempotencyConflict, InvalidInput
from messaging_pipeline.fallback.leaving import Leaving, message_of_step
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.ids import MessageId
from messaging_pipeline.messages.plan import SmsStep


@dataclass(frozen=True, slots=True)
class BySms:
    """Hands messages over. However often a step is tried, its id and its key make it one message."""

    accept: Callable[[Mapping[str, Any]], MessageId]

    def send(self, leaving: Leaving) -> Posted:
        """Hand over one message; what is wrong with it refuses the step."""
        step = leaving.step
        assert isinstance(step, SmsStep)  # noqa: S101
        arguments = _arguments(leaving, step)
        try:
            message_id = self.accept(arguments)
        except IdempotencyConflict as conflict:
            # Links that are signed anew make another text of the message that an earlier try has handed over.
            if conflict.first != arguments["message_id"]:
                return Posted("refused", f"the pipeline did not accept it: {conflict}")
            message_id = MessageId(conflict.first)
        except InvalidInput as error:
            return Posted("refused", f"the pipeline did not accept it: {error}")
        return Posted("sent", f"it is message {message_id}")


def _arguments(leaving: Leaving, step: SmsStep) -> dict[str, Any]:
    text = step.body or leaving.text("\n")
    return {
        "to": step.to or leaving.to,
        "body": f"{text} {step.link}" if step.link else text,
        "service": step.service or leaving.service,
        "tenant": leaving.tenant,
        "from_": leaving.from_ if step.service is None else None,
        "tags": dict(leaving.tags),
        "message_id": message_of_step(leaving.message_id, leaving.number),
        "idempotency_key": f"fallback-{leaving.token}",
        "fallback": [],
    }
