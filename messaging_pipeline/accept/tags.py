"""Tags that mean something: a slip in one of them would change what the law asks of a message, so it is refused."""

from collections.abc import Iterator

from messaging_pipeline.accept.request import SendRequest
from messaging_pipeline.configuration import Configuration
from messaging_pipeline.errors import InvalidInput
from messaging_pipeline.gates.campaign import KNOWN_INTENTS
from messaging_pipeline.policies.compliance import INTENT_TAG, REPLY_INTENT, TIME_ZONE_TAG
from messaging_pipeline.policies.consent import EVERY_INTENT
from messaging_pipeline.policies.events import NOTIFY_TAG
from messaging_pipeline.validation.near_misses import near_miss

_NAMES = (INTENT_TAG, TIME_ZONE_TAG, NOTIFY_TAG)
_INTENTS_OF_ALL = frozenset({*KNOWN_INTENTS, REPLY_INTENT})

#: `market` is a word of its own beside `marketing`; `marketting` is none.
_A_SLIP_IN_AN_INTENT = 0.85


def refuse_slips(request: SendRequest, configuration: Configuration) -> None:
    """Raise InvalidInput for a tag that is nearly, and not quite, one that means something; any other may be given."""
    for name in request.tags:
        if name not in _NAMES:
            _refuse_slip(f"tags.{name}", near_miss(name, _NAMES))
    intent = request.tags.get(INTENT_TAG)
    if intent is None or intent in _INTENTS_OF_ALL:  # as nearly always: nobody's services need be looked through
        return
    known = {*_INTENTS_OF_ALL, *_declared_intents(configuration, request.tenant)}
    if intent not in known:
        _refuse_slip(f"tags.{INTENT_TAG}", near_miss(intent, known, _A_SLIP_IN_AN_INTENT))


def _refuse_slip(field: str, meant: str | None) -> None:
    if meant is not None:
        cure = f"did you mean `{meant}`? If not, take a word that is less like it"
        raise InvalidInput(field, f"is nearly `{meant}`, which decides when and how a message may leave", cure)


def _declared_intents(configuration: Configuration, tenant: str) -> Iterator[str]:
    """The intents of which a tenant's part of messaging.toml says something."""
    if tenant in configuration.tenants:
        required = configuration.tenants[tenant].consent.required_for
        yield from (intent for intent in required if intent != EVERY_INTENT)
    for service in configuration.services.values():
        if service.tenant != tenant:
            continue
        hours = configuration.quiet_hours_of(service)
        if hours is not None:
            yield from (*hours.exempt_intents, *hours.intents)
        if service.first_message is not None:
            yield from service.first_message.exempt_intents
