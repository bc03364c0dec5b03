"""What would become of a message if it were handed over now, without handing it over."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from messaging_pipeline import meters
from messaging_pipeline.accept.as_sent import as_sent
from messaging_pipeline.accept.first_message import FirstMessages
from messaging_pipeline.accept.gates import question_of, require_sender
from messaging_pipeline.accept.request import SendRequest, parse_send_request
from messaging_pipeline.accept.tags import refuse_slips
from messaging_pipeline.clock import Clock
from messaging_pipeline.configuration import Configuration, Service
from messaging_pipeline.consent.ledger import has_consented, is_opted_out
from messaging_pipeline.consent.terms import terms_of
from messaging_pipeline.db.pool import Pool
from messaging_pipeline.gates.order import ask_every_gate, weightiest
from messaging_pipeline.gates.question import Question, sender_of
from messaging_pipeline.messages.phone_numbers import country_of
from messaging_pipeline.messages.segments import characters_forcing_ucs2, count_segments
from messaging_pipeline.messages.sender_kinds import kind_of
from messaging_pipeline.messages.smart_encoding import smart_encode
from messaging_pipeline.number_health import is_invalid
from messaging_pipeline.number_lines import is_landline, known_line
from messaging_pipeline.services.board import ServiceBoard


@dataclass(frozen=True, slots=True)
class Explaining:
    """The desk that answers what a send would lead to; it writes nothing."""

    pool: Pool
    configuration: Configuration
    clock: Clock
    board: ServiceBoard
    first_messages: FirstMessages

    def explain(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """Return the way out, the sender, the weight, every gate's word, and when the message may leave.

        The arguments are those of a send; raises InvalidInput for what a send would refuse before any gate.
        """
        now = self.clock.now()
        request = as_sent(parse_send_request(arguments, now), self.configuration)
        service = self.configuration.service(request.service, request.tenant)
        standing = self.board.standing(request.service)
        require_sender(request, service)
        refuse_slips(request, self.configuration)
        question = self._question(request, service)
        request = self.first_messages.completed(request, introduced=question.introduced is not False)
        priced = question_of(request, self.configuration, service, now)
        answers = ask_every_gate(replace(question, allowance=priced.allowance))
        answer = weightiest(answers)
        verdict = answer.verdict
        goes = standing.accepting and verdict.outcome != "refused"
        waits = answer if verdict.outcome == "waits" else None
        return {
            "to": request.to,
            "country": country_of(request.to),
            "tenant": request.tenant,
            "service": request.service,
            "route": request.note,
            "service_state": standing.state,
            "service_accepting": standing.accepting,
            "sender": _sender(service, request),
            **_weight(request),
            **_cost(priced),
            "lookup": self._lookup(request, service),
            "verdict": verdict.outcome if standing.accepting else "refused",
            "next_allowed_at": replace(request, waits=waits).leaves_at(now) if goes else None,
            "gates": [{"gate": one.gate, **asdict(one.verdict)} for one in answers],
        }

    def _lookup(self, request: SendRequest, service: Service) -> dict[str, Any] | None:
        """What is known of the number's line, and what it costs to ask; None where nobody would."""
        policy = self.configuration.lookup_of(service)
        if policy is None:
            return None
        with self.pool.connection() as connection:
            known = known_line(connection, request.tenant, request.to, self.clock.now())
        return {"needed": known is None, "line_type": known, "cost": f"{policy.cost:f}", "unit": policy.unit}

    def _question(self, request: SendRequest, service: Service) -> Question:
        question = question_of(request, self.configuration, service, self.clock.now())
        terms = terms_of(self.configuration, request.tenant, request.service, request.tags)
        place = (request.tenant, request.service, request.to)
        with self.pool.connection() as connection:
            return replace(
                question,
                opted_out=is_opted_out(connection, *place, terms),
                lacks_consent=terms.needs_grant and not has_consented(connection, *place),
                unknown_number=is_invalid(connection, request.tenant, request.to),
                landline=is_landline(connection, request.tenant, request.to, self.clock.now()),
                introduced=self.first_messages.is_introduced(connection, request, self.clock.now()),
                used=meters.used(connection, request.tenant, question.allowance.draws if question.allowance else ()),
            )


def _sender(service: Service, request: SendRequest) -> dict[str, Any]:
    sender = sender_of(service, request.from_)
    return {"kind": kind_of(sender), "value": sender or service.messaging_service_sid}


def _weight(request: SendRequest) -> dict[str, Any]:
    weight, body = request.content.weight(), request.content.body or ""
    return {
        "encoding": weight.encoding,
        "segments": weight.segments,
        "characters_forcing_ucs2": list(characters_forcing_ucs2(body)),
        "segments_with_smart_encoding": _smart_segments(request),
    }


def _cost(question: Question) -> dict[str, Any]:
    allowance = question.allowance
    if allowance is None or allowance.cost is None:
        return {"estimated_cost": None, "price_unit": allowance.unit if allowance else None}
    return {"estimated_cost": f"{allowance.cost:f}", "price_unit": allowance.unit}


def _smart_segments(request: SendRequest) -> int:
    return 1 if request.content.media_urls else count_segments(smart_encode(request.content.body or "")).segments
