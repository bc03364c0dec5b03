"""Whether Twilio accepts each tenant's credentials, asked once before a worker takes its first task."""

import logging
from collections.abc import Collection, Mapping
from concurrent.futures import ThreadPoolExecutor, wait

from messaging_pipeline.configuration import Configuration, Tenant
from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.queues import Queue
from messaging_pipeline.twilio_api.accounts import Accounts
from messaging_pipeline.twilio_api.administration import WRONG_CREDENTIALS
from messaging_pipeline.twilio_api.remote_messages import AccountRefused, Missing, NotTold, Throttled, Unreachable
from messaging_pipeline.twilio_api.remote_services import RemoteAccount

_log = logging.getLogger(__name__)

#: A Twilio that is slow, or many tenants, must not keep a worker from its work for longer.
_PATIENCE_SECONDS = 5.0
_AT_ONCE = 16

_WITHOUT_TWILIO = frozenset({Queue.STATUS, Queue.FALLBACK})

_Answer = RemoteAccount | Missing | NotTold


def calls_twilio(queues: Collection[str]) -> bool:
    """Tell whether a worker with these queues has tasks that call Twilio."""
    return not set(queues) <= _WITHOUT_TWILIO


def refuse_wrong_credentials(
    accounts: Accounts, configuration: Configuration, *, patience_seconds: float = _PATIENCE_SECONDS
) -> None:
    """Ask for the account of every tenant that sends; raise InvalidSettings when Twilio refuses all of them.

    Where others are good, one that is refused is an error in the log: its first message holds its service. What
    Twilio does not say (it is away, slow, or has too many requests) is a warning, and no reason not to start.
    """
    sending = {service.tenant for service in configuration.services.values()}
    tenants = {key: tenant for key, tenant in configuration.tenants.items() if key in sending}
    if not tenants:
        return
    answers = _asked(accounts, tenants, patience_seconds)
    refusals = [_refusal(key, tenants[key], answer) for key, answer in answers.items() if _refuses(answer)]
    if len(refusals) == len(tenants):
        raise _with_others(refusals[0], len(refusals) - 1)
    for refusal in refusals:
        _log.error("%s", refusal)
    _warn_of_silence([answer for answer in answers.values() if not _refuses(answer)])


def _asked(accounts: Accounts, tenants: Collection[str], patience_seconds: float) -> Mapping[str, _Answer]:
    threads = ThreadPoolExecutor(min(_AT_ONCE, len(tenants)), thread_name_prefix="credentials")
    asked = {key: threads.submit(accounts.of(key).administration.account) for key in tenants}
    done, _ = wait(asked.values(), patience_seconds)
    threads.shutdown(wait=False, cancel_futures=True)
    late = Unreachable(f"Twilio did not answer within {patience_seconds:g} seconds")
    return {key: one.result() if one in done else late for key, one in asked.items()}


def _refuses(answer: _Answer) -> bool:
    """A key that may not do everything is refused with other codes, and may be good for what we need."""
    return isinstance(answer, Missing) or (isinstance(answer, AccountRefused) and answer.code == WRONG_CREDENTIALS)


def _refusal(key: str, tenant: Tenant, answer: _Answer) -> InvalidSettings:
    why = f"HTTP {answer.http_status}, error {answer.code}" if isinstance(answer, AccountRefused) else "HTTP 404"
    reference = tenant.api_key_secret or tenant.auth_token
    told = f"does not open the account of tenant {key!r} at Twilio ({why})"
    return InvalidSettings(reference.removeprefix("env:"), told, "correct it, or the account's SID")


def _with_others(first: InvalidSettings, others: int) -> InvalidSettings:
    if not others:
        return first
    return InvalidSettings(first.setting, f"{first.reason}, and {others} more tenant(s) are refused too", first.remedy)


def _warn_of_silence(answers: Collection[_Answer]) -> None:
    silent = [answer for answer in answers if not isinstance(answer, RemoteAccount)]
    if silent:
        _log.warning(
            "Twilio has not said whether it accepts the credentials of %d tenant(s), and work begins all the same: %s",
            len(silent),
            _why_silent(silent[0]),
        )


def _why_silent(answer: Missing | NotTold) -> str:
    if isinstance(answer, Unreachable):
        return answer.explanation
    if isinstance(answer, Throttled):
        return "it has too many requests of this account just now"
    return f"it answered HTTP {answer.http_status}, error {answer.code}" if isinstance(answer, AccountRefused) else ""
