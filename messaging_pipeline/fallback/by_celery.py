"""The channel `celery`: a task by name for somebody else's workers, with the facts and no word of the message."""

from dataclasses import dataclass

from messaging_pipeline.errors import NotReachable, NotTried
from messaging_pipeline.fallback.leaving import Leaving
from messaging_pipeline.fallback.letters import Posted
from messaging_pipeline.messages.plan import CeleryStep
from messaging_pipeline.publish import Publisher


@dataclass(frozen=True, slots=True)
class ByCelery:
    """Publishes tasks."""

    publisher: Publisher

    def send(self, leaving: Leaving) -> Posted:
        """Publish one task under the step's own id; a broker that did not confirm it may have it."""
        step = leaving.step
        assert isinstance(step, CeleryStep)  # noqa: S101
        try:
            self.publisher.publish_to_others(
                step.task, step.queue, {**step.arguments, **leaving.facts()}, task_id=leaving.token
            )
        except NotTried as error:
            return Posted("not_sent", str(error))
        except NotReachable:
            return Posted("unconfirmed", "the broker did not confirm the task")
        return Posted("sent", f"the broker has the task for the queue {step.queue}")
