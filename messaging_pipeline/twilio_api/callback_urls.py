"""The address at which Twilio reports on one message."""

from functools import lru_cache
from urllib.parse import quote

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.ids import MessageId, TenantKey

_DEFAULT_TENANT = "default"
_STATUS_PATH = "/twilio/status"

RETRY_EVERYTHING = "rc=5&rp=all"
"""Five retries, whatever went wrong; by default Twilio retries once, and only a failed connect.

https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
"""


def status_callback_url(base_url: str, message_id: MessageId, tenant: TenantKey, attempt: int = 1) -> str:
    """Return where Twilio shall report on a message: ``https://host/twilio/status/<message id>#rc=5&rp=all``.

    The message's id in the path ties a callback to its message even when the create's answer was lost. A later
    attempt's number follows it (``/<message id>/2``), so that a report is never taken for one about another attempt.
    ``base_url`` is where the status webhook of the default tenant is reached; another tenant's is beside
    it, under ``/twilio/t/<tenant>/status``. A query stays, and so does a fragment, which then holds the
    caller's own connection overrides. Raises ``InvalidSettings`` when another tenant's address cannot be
    derived, since the path does not end in ``/twilio/status``.
    """
    before, after = _around_message_id(base_url, tenant)
    return f"{before}/{message_id}{'' if attempt == 1 else f'/{attempt}'}{after}"


@lru_cache(maxsize=1024)
def _around_message_id(base_url: str, tenant: TenantKey) -> tuple[str, str]:
    address, _, fragment = base_url.partition("#")
    path, question_mark, query = address.partition("?")
    path = path.rstrip("/")
    if tenant != _DEFAULT_TENANT:
        path = _path_of_tenant(path, tenant)
    return path, f"{question_mark}{query}#{fragment or RETRY_EVERYTHING}"


def _path_of_tenant(path: str, tenant: TenantKey) -> str:
    if not path.endswith(_STATUS_PATH):
        raise InvalidSettings(
            "TWILIO_STATUS_CALLBACK_URL",
            f"must end in {_STATUS_PATH} when there are several tenants",
            f"use an address such as https://example.com{_STATUS_PATH}",
        )
    return f"{path.removesuffix(_STATUS_PATH)}/twilio/t/{quote(tenant, safe='')}/status"
