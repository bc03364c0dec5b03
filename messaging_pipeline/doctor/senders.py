"""What each service sends from: whether it is there, and what it can do."""

from collections import Counter
from collections.abc import Iterator

from messaging_pipeline.configuration import Service
from messaging_pipeline.doctor.addresses import told_address
from messaging_pipeline.doctor.each_service import each_service
from messaging_pipeline.doctor.finding import Finding, error, ok, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.doctor.remote import Senders, untold
from messaging_pipeline.doctor.service_settings import is_same, shown
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.messages.sender_kinds import kind_of
from messaging_pipeline.twilio_api.remote_services import RemoteNumber


def check_senders(patient: Patient) -> Iterator[Finding]:
    """Ask for every service's numbers, short codes and names."""
    return each_service(patient, _judge)


def _judge(patient: Patient, key: str, service: Service) -> Iterator[Finding]:
    if not service.has_sender:
        return  # the check of the settings says so
    about, answer = f"services.{key}", patient.remote.senders(service)
    if not isinstance(answer, Senders):
        what = "its from_number is none of the account's, or there is no such Messaging Service"
        yield untold(about, answer, what, f"correct services.{key}, or buy the number")
        return
    yield from judge_senders(about, service, answer)
    if service.messaging_service_sid is None and answer.service_sid is None:
        yield from _number_alone(patient, key, service)


def judge_senders(about: str, service: Service, senders: Senders) -> Iterator[Finding]:
    """Say what in a pool cannot send, or endangers the rest of it."""
    addresses = [*(one.phone_number for one in senders.numbers), *senders.others]
    if not addresses:
        yield error(about, "its Messaging Service has no sender (21704)", "put a number into it")
        return
    if service.from_number is not None and service.from_number not in addresses:
        yield error(
            about, "its from_number is not in its Messaging Service (21712)", "attach the number, or name another"
        )
    for number in senders.numbers:
        if "sms" not in number.capabilities:
            yield warning(about, f"{masked(number.phone_number)} cannot send SMS", "take it out of the service")
    kinds = Counter(kind_of(address) for address in addresses)
    if kinds["toll-free number"] > 1:
        told = f"has {kinds['toll-free number']} toll-free numbers, and carriers may block a pool of those"
        yield warning(about, told, "keep one")
    if (service.media_check or service.mms_link_fallback) and not any(
        "mms" in one.capabilities for one in senders.numbers
    ):
        yield warning(about, "is set up for media, and none of its numbers can send MMS", "use a number that can")
    yield ok(about, "sends from " + ", ".join(f"{count} {kind}(s)" for kind, count in sorted(kinds.items())))


def _number_alone(patient: Patient, key: str, service: Service) -> Iterator[Finding]:
    """A number that is in no Messaging Service has its own URL for what people write."""
    number = patient.remote.number(service.tenant, service.from_number or "")
    wanted = told_address(patient.settings, "inbound", service.tenant)
    if wanted is None or not isinstance(number, RemoteNumber):
        return
    if number.sms_url is None or not is_same(number.sms_url, wanted):
        told = f"its number's URL for what people write is {shown(number.sms_url) if number.sms_url else 'not set'}"
        command = f"messaging-pipeline twilio numbers update {number.sid} --tenant {service.tenant}"
        cure = f"`{command} --sms-url {shown(wanted)}`"
        yield error(f"services.{key}", f"{told}, not ours", cure)
