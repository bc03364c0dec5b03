"""Whether each tenant's credentials open its account at Twilio, and how that account stands."""

from collections.abc import Iterator
from contextlib import closing

from messaging_pipeline.configuration import Tenant
from messaging_pipeline.doctor.finding import Finding, error, ok, skipped, unreachable, warning
from messaging_pipeline.doctor.patient import Patient
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.twilio_api.remote_messages import AccountRefused, MessagePage, Missing, NotTold, Unreachable
from messaging_pipeline.twilio_api.remote_services import RemoteAccount

_TOKENS = ("auth_token", "auth_token_secondary")


def check_accounts(patient: Patient) -> Iterator[Finding]:
    """Try every credential by itself: the API may be called with one, and webhooks signed with another."""
    for key, tenant in patient.tenants.items():
        for name in _TOKENS:
            yield from _of_token(patient, key, tenant, name)
        if tenant.api_key is not None:
            yield _of_api_key(patient, key)


def _of_token(patient: Patient, key: str, tenant: Tenant, name: str) -> Iterator[Finding]:
    reference, about = getattr(tenant, name), f"tenants.{key}.{name}"
    if reference is None:
        return
    try:
        api = patient.accounts.opened_with(key, reference)
    except InvalidSettings:
        yield skipped(about, "the token is not there to ask with")
        return
    with closing(api):
        answer = api.administration.account()
    if isinstance(answer, RemoteAccount):
        yield ok(about, "opens the account")
        if name == "auth_token":
            yield from _standing(f"tenants.{key}", answer)
        return
    yield _refused(about, answer, is_needed=name == "auth_token")


def _standing(about: str, account: RemoteAccount) -> Iterator[Finding]:
    if account.status != "active":
        yield error(about, f"the account is {account.status}", "see what Twilio's console says about it")
    if account.type == "Trial":
        yield warning(about, "is a trial account, which writes only to verified numbers", "upgrade it at Twilio")


def _of_api_key(patient: Patient, key: str) -> Finding:
    """A standard key may not fetch the account itself, but it may list messages."""
    about = f"tenants.{key}.api_key"
    try:
        answer = patient.accounts.of(key).list_messages(page_size=1)
    except InvalidSettings:
        return skipped(about, "its secret is not there to ask with")
    if isinstance(answer, MessagePage):
        return ok(about, "may read the account's messages")
    return _refused(about, answer, is_needed=True)


def _refused(about: str, answer: Missing | NotTold, *, is_needed: bool) -> Finding:
    if isinstance(answer, Unreachable):
        return unreachable(about, answer.explanation, "check TWILIO_API_BASE_URL and the network")
    if isinstance(answer, AccountRefused | Missing):
        told, cure = "does not open the account", "correct account_sid or the secret; is it another account's?"
        if isinstance(answer, AccountRefused):
            told = f"{told} (HTTP {answer.http_status}, error {answer.code})"
        return error(about, told, cure) if is_needed else warning(about, told, cure)
    return skipped(about, "Twilio has too many requests of this account just now; ask again later")
