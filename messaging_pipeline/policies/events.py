"""Who is told what became of a message, as ``messaging.toml`` declares it in ``[events]``."""

from collections.abc import Container, Iterator, Mapping
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator
from pydantic.dataclasses import dataclass

from messaging_pipeline.errors import InvalidInput, InvalidSettings
from messaging_pipeline.messages.plan import TaskOfYours

NOTIFY_TAG = "notify"
"""The tag by which a message names the one policy that tells of it, in place of those of its service."""

_STRICT = ConfigDict(extra="forbid", hide_input_in_errors=True)


ToldStatus = Literal[
    "unconfirmed", "scheduled", "accepted", "queued", "sending", "sent", "rejected", "expired", "canceled",
    "undelivered", "failed", "suppressed", "delivered", "read",
]  # fmt: skip
"""Every status but those before anything of a message has left: nobody can wait for `pending` and `claimed`."""

DEFAULT_STATUSES: tuple[ToldStatus, ...] = (
    "sent", "delivered", "undelivered", "failed", "canceled", "suppressed", "rejected", "expired", "unconfirmed",
)  # fmt: skip


@dataclass(frozen=True, config=_STRICT)
class EventsPolicy:
    """Who is told, of what: a Celery task or a receiver of signed calls, by statuses and services.

    ``services`` are those whose messages are told of; unset, all of the tenant's, and empty, only messages that name
    the policy in their tag ``notify``. ``inbound`` tells also of what people write to these services. ``include`` adds
    the person's number and the text, which are left out otherwise. An event that is not taken is told again up to
    ``most_attempts`` times; ``most_at_once`` workers tell at the same time.
    """

    tenant: str = "default"
    celery: TaskOfYours | None = None
    receiver: Annotated[str, StringConstraints(min_length=1, max_length=63)] | None = None
    statuses: tuple[ToldStatus, ...] = DEFAULT_STATUSES
    inbound: bool = False
    services: tuple[str, ...] | None = None
    include: tuple[Literal["number", "body"], ...] = ()
    most_attempts: Annotated[int, Field(ge=1, le=100)] = 20
    most_at_once: Annotated[int, Field(ge=1, le=50)] = 4

    @model_validator(mode="after")
    def _tells_one(self) -> Self:
        if (self.celery is None) is (self.receiver is None):
            raise ValueError("must name one of celery and receiver")
        if not self.statuses and not self.inbound:
            raise ValueError("tells of nothing; name statuses, or set inbound")
        return self

    def is_about(self, tenant: str, service: str | None) -> bool:
        """Tell whether a service's messages are told of unless they say otherwise."""
        return self.tenant == tenant and (self.services is None or service in self.services)


def wishes_of(
    policies: Mapping[str, EventsPolicy], tenant: str, service: str, tags: Mapping[str, str]
) -> list[str] | None:
    """Return who is to be told of which status of a message, each as ``policy:status``; None when nobody is."""
    named = tags.get(NOTIFY_TAG)
    wishes = [
        f"{name}:{status}"
        for name, policy in policies.items()
        if policy.tenant == tenant and (policy.is_about(tenant, service) if named is None else name == named)
        for status in policy.statuses
    ]
    return wishes or None


def refuse_unknown_wish(policies: Mapping[str, EventsPolicy], tenant: str, tags: Mapping[str, str]) -> None:
    """Raise InvalidInput for a message that wants to be told of by a policy which its tenant does not have."""
    named = tags.get(NOTIFY_TAG)
    if named is not None:
        refuse_unknown_policy(policies, tenant, named, f"tags.{NOTIFY_TAG}")


def refuse_unknown_policy(policies: Mapping[str, EventsPolicy], tenant: str, name: str, field: str) -> None:
    """Raise InvalidInput for a policy that a tenant does not have."""
    known = sorted(one for one, policy in policies.items() if policy.tenant == tenant)
    if name not in known:
        remedy = f"use one of: {', '.join(known)}" if known else "declare it in messaging.toml as [events.NAME]"
        raise InvalidInput(field, "names no events policy of this tenant", remedy)


def refuse_events_to_nobody(
    policies: Mapping[str, EventsPolicy],
    tenants: Container[str],
    tenant_of_service: Mapping[str, str],
    tenant_of_receiver: Mapping[str, str],
    file: str | None,
) -> None:
    """Raise InvalidSettings for a policy whose tenant, service or receiver is not there, or is somebody else's."""
    for name, policy in policies.items():
        for key, reason, remedy in _faults(policy, tenants, tenant_of_service, tenant_of_receiver):
            raise InvalidSettings(f"MESSAGING_CONFIG events.{name}.{key}", f"{reason} (in {file})", remedy)


def _faults(
    policy: EventsPolicy,
    tenants: Container[str],
    tenant_of_service: Mapping[str, str],
    tenant_of_receiver: Mapping[str, str],
) -> Iterator[tuple[str, str, str]]:
    tenant = policy.tenant
    if tenant not in tenants:
        yield "tenant", f"there is no tenant {tenant!r}", f"declare [tenants.{tenant}], or name another tenant"
    if policy.receiver is not None and tenant_of_receiver.get(policy.receiver) != tenant:
        remedy = f"declare [receivers.{policy.receiver}] with this tenant, or name another receiver"
        yield "receiver", f"tenant {tenant!r} has no receiver {policy.receiver!r}", remedy
    for service in policy.services or ():
        if tenant_of_service.get(service) != tenant:
            yield "services", f"tenant {tenant!r} has no service {service!r}", "name services of this tenant"
