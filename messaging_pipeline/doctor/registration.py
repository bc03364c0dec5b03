"""How each service is registered: what Twilio says, beside what messaging.toml says and the gates go by."""

from collections.abc import Iterator, Sequence

from messaging_pipeline.configuration import Service
from messaging_pipeline.doctor.each_service import each_service
from messaging_pipeline.doctor.finding import Finding, error, ok, skipped, unreachable, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.doctor.remote import Senders, untold
from messaging_pipeline.messages.phone_numbers import masked
from messaging_pipeline.messages.sender_kinds import kind_of
from messaging_pipeline.policies.compliance import Registration
from messaging_pipeline.twilio_api.registrations import Campaign, Verification
from messaging_pipeline.twilio_api.remote_messages import Missing, Unreachable
from messaging_pipeline.twilio_api.remote_services import PoolNumber

_NORTH_AMERICAN = "+1"
#: Of several verifications of a number the best one counts: it may have been rejected before.
_BEST_FIRST = ("verified", "pending", "rejected")


def check_registrations(patient: Patient) -> Iterator[Finding]:
    """Ask for the campaign of every service with US long codes, and the verification of every toll-free number."""
    return each_service(patient, _judge)


def _judge(patient: Patient, key: str, service: Service) -> Iterator[Finding]:
    about, senders = f"services.{key}", patient.remote.senders(service)
    if not isinstance(senders, Senders):
        if isinstance(senders, Unreachable):
            yield unreachable(about, senders.explanation, "check TWILIO_API_BASE_URL and the network")
        else:
            yield skipped(about, "its senders are not known; see the check `senders`")
        return
    north_american = [one for one in senders.numbers if one.phone_number.startswith(_NORTH_AMERICAN)]
    long_codes = [one for one in north_american if kind_of(one.phone_number) == "number"]
    toll_free = [one for one in north_american if kind_of(one.phone_number) == "toll-free number"]
    if long_codes:
        yield from _campaign(patient, about, service, senders.service_sid)
    for number in toll_free:
        yield from _verification(patient, about, service, number)
    if not north_american:
        yield ok(about, "has no number that the US wants registered")


def _campaign(patient: Patient, about: str, service: Service, service_sid: str | None) -> Iterator[Finding]:
    if service_sid is None:
        yield from judge_campaigns(about, service.registration, ())
        return
    answer = patient.remote.of(service.tenant).registrations.campaigns(service_sid)
    if isinstance(answer, tuple | Missing):
        yield from judge_campaigns(about, service.registration, answer if isinstance(answer, tuple) else ())
    else:
        yield untold(about, answer, "", "")


def _verification(patient: Patient, about: str, service: Service, number: PoolNumber) -> Iterator[Finding]:
    answer = patient.remote.of(service.tenant).registrations.verifications(number.sid)
    if isinstance(answer, tuple | Missing):
        known = answer if isinstance(answer, tuple) else ()
        yield judge_verifications(about, service.registration, masked(number.phone_number), known)
    else:
        yield untold(about, answer, "", "")


def judge_campaigns(about: str, registration: Registration, campaigns: Sequence[Campaign]) -> Iterator[Finding]:
    """Compare a service's 10DLC campaign with its registration in messaging.toml."""
    if not campaigns:
        yield _compared(about, "ten_dlc", "approved", registration.ten_dlc, "none", "there is no campaign")
        return
    campaign = campaigns[0]
    why = f" (error {', '.join(map(str, campaign.error_codes))})" if campaign.error_codes else ""
    if campaign.state is None:
        yield warning(about, f"its campaign is {campaign.word}, a word that is not known here", "see Twilio's console")
    else:
        told = f"its campaign is {campaign.word}{why}"
        yield _compared(about, "ten_dlc", "approved", registration.ten_dlc, campaign.state, told)
    if campaign.is_mock:
        yield error(about, "its campaign is a mock, for tests: carriers do not know it", "register a real campaign")
    yield from _contents(about, registration, campaign)


def judge_verifications(
    about: str, registration: Registration, number: str, verifications: Sequence[Verification]
) -> Finding:
    """Compare the verification of a toll-free number with its service's registration in messaging.toml."""
    ranked = [one for state in _BEST_FIRST for one in verifications if one.state == state]
    if ranked:
        best = ranked[0]
        told = f"the verification of {number} is {best.word}"
        return _compared(about, "toll_free", "verified", registration.toll_free, str(best.state), told)
    if verifications:
        word = verifications[0].word
        return warning(
            about, f"the verification of {number} is {word}, a word that is not known here", "see the console"
        )
    told = f"{number} is not verified"
    return _compared(about, "toll_free", "verified", registration.toll_free, "none", told)


def _compared(about: str, key: str, good: str, written: str | None, real: str, told: str) -> Finding:
    """Weigh what is written against what is so: worst is to send what carriers block."""
    cure = f'write {key} = "{real}" in [{about}.registration]'
    if written == real:
        return ok(about, f"{told}, as written") if real == good else _waits(about, key, good, told)
    if written is None and real == good:
        return ok(about, f'{told}; with {key} = "{good}" in [{about}.registration] the gates need not warn of it')
    if written is None:
        return warning(about, f"{told}, and messaging.toml says nothing of it", cure)
    if written == good:
        blocked = (
            "carriers block its messages to the US (30034)" if key == "ten_dlc" else "it cannot write to the US (30032)"
        )
        return error(about, f"{told}, and messaging.toml says {key} = {written!r}: {blocked}", cure)
    if real == good:
        return warning(about, f"{told}, and our gates still refuse: {key} = {written!r}", cure)
    return warning(about, f"{told}, and messaging.toml says {key} = {written!r}", cure)


def _waits(about: str, key: str, good: str, told: str) -> Finding:
    cure = f'register it, then write {key} = "{good}" in [{about}.registration]'
    return warning(about, f"{told}, as written: our gates refuse its messages to the US", cure)


def _contents(about: str, registration: Registration, campaign: Campaign) -> Iterator[Finding]:
    """What the gate `campaign` goes by must be what was registered, or it lets through what carriers filter (30007)."""
    place = f"[{about}.registration]"
    if registration.use_case is not None and campaign.use_case not in (None, registration.use_case):
        told = f"its campaign was registered for {campaign.use_case}, and messaging.toml says {registration.use_case}"
        yield error(about, told, f'write use_case = "{campaign.use_case}" in {place}')
    if registration.links and not campaign.has_links:
        told = "its campaign was registered without links, and messaging.toml permits them"
        yield error(about, told, f"write links = false in {place}, or register links")
    strange = {_plain(one) for one in registration.samples} - {_plain(one) for one in campaign.samples}
    if strange and campaign.samples:
        told = f"{len(strange)} of its samples are not among the campaign's"
        yield warning(about, told, f"copy the campaign's samples into {place}")


def _plain(text: str) -> str:
    return " ".join(text.split())
