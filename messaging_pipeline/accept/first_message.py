"""The opt-out text on the first message to somebody: decided where the message is written down, so that it weighs what
it will, and so that of two that are handed over at once one is the first.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from psycopg import Connection
from psycopg.rows import TupleRow

from messaging_pipeline.accept.as_sent import with_text
from messaging_pipeline.accept.gates import REFUSALS, question_of
from messaging_pipeline.accept.request import SendRequest
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.db.queries import sql
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.gates import first_message, spend
from messaging_pipeline.gates.question import Question
from messaging_pipeline.metrics import record_gate
from messaging_pipeline.policies.compliance import INTENT_TAG, FirstMessage

_GATE = "first_message"
_SPEND = "spend"


@dataclass(frozen=True, slots=True)
class FirstMessages:
    """Sees to it that people are told how to opt out. Store functions: they take a connection and never commit."""

    configuration: Configuration

    def take_turns(self, connection: Connection[TupleRow], requests: Sequence[SendRequest]) -> None:
        """Wait for whoever writes first to one of these people just now; asked before anything is written."""
        keys = [
            f"{request.tenant}/{request.service}/{request.to}"
            for request in requests
            if (policy := self._policy(request)) and policy.when_missing == "append" and _is_untold(policy, request)
        ]
        if keys:
            connection.execute(sql("lock_introductions"), {"keys": keys})

    def see_to(self, connection: Connection[TupleRow], request: SendRequest, now: datetime) -> SendRequest:
        """Return the request as it is written down: with the opt-out text, or a warning, if it needs them.

        Raises InvalidInput naming the gate.
        """
        policy = self._policy(request)
        if policy is None:
            return request
        service = self.configuration.service(request.service, request.tenant)
        question = question_of(request, self.configuration, service, now)
        introduced = not _is_untold(policy, request) or self.is_introduced(connection, request, now)
        verdict = first_message.ask(replace(question, introduced=introduced))
        if verdict.outcome == "refused":
            record_gate(_GATE, verdict.outcome)
            raise InvalidInput(REFUSALS[_GATE], verdict.reason, verdict.remedy)
        if verdict.outcome == "warns":
            return replace(request, warnings=(*request.warnings, f"{_GATE}: {verdict.reason}"))
        completed = self.completed(request, introduced=introduced)
        if completed.content != request.content:
            self._refuse_too_dear(question_of(completed, self.configuration, service, now))
        return completed

    def _refuse_too_dear(self, question: Question) -> None:
        """What was appended costs too; raises InvalidInput naming the gate."""
        verdict = spend.ask(question)
        if verdict.outcome == "refused":
            record_gate(_SPEND, verdict.outcome)
            raise InvalidInput(REFUSALS[_SPEND], verdict.reason, verdict.remedy)

    def completed(self, request: SendRequest, *, introduced: bool) -> SendRequest:
        """Return the request as it is sent to somebody who has been told, or has not."""
        policy = self._policy(request)
        if policy is None:
            return request
        if policy.when_missing == "append" and not introduced and _is_untold(policy, request):
            service = self.configuration.service(request.service, request.tenant)
            request = with_text(request, service, first_message.with_opt_out_text(policy, request.content.body))
        return replace(request, introduces=first_message.tells(policy, request.content.body))

    def is_introduced(self, connection: Connection[TupleRow], request: SendRequest, now: datetime) -> bool:
        """Tell whether the recipient has been told by the service, or will have been when this one leaves."""
        values = {
            "tenant": request.tenant,
            "service": request.service,
            "to_number": request.to,
            "due_at": request.leaves_at(now),
            "priority": request.priority,
        }
        row = connection.execute(sql("is_introduced"), values).fetchone()
        return row is not None and bool(row[0])

    def _policy(self, request: SendRequest) -> FirstMessage | None:
        return self.configuration.service(request.service, request.tenant).first_message


def _is_untold(policy: FirstMessage, request: SendRequest) -> bool:
    """Tell whether the text would have to say it, and does not."""
    exempt = request.tags.get(INTENT_TAG) in policy.exempt_intents
    return not exempt and not first_message.tells(policy, request.content.body)
