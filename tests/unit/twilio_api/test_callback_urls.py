"""Where Twilio shall report: the message's id in the path, the tenant's door, and the retries."""

from uuid import UUID

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.ids import MessageId, TenantKey
from messaging_pipeline.twilio_api.callback_urls import status_callback_url

MESSAGE = MessageId(UUID("01931f2e-0000-7000-8000-000000000001"))
DEFAULT = TenantKey("default")


def url_for(base_url: str, tenant: TenantKey = DEFAULT) -> str:
    return status_callback_url(base_url, MESSAGE, tenant)


def test_the_messages_id_ends_the_path_and_retries_are_asked_for() -> None:
    assert url_for("https://h.example/twilio/status") == f"https://h.example/twilio/status/{MESSAGE}#rc=5&rp=all"


def test_a_trailing_slash_is_not_doubled() -> None:
    assert url_for("https://h.example/twilio/status/") == f"https://h.example/twilio/status/{MESSAGE}#rc=5&rp=all"


def test_a_query_stays_behind_the_path() -> None:
    assert url_for("https://h.example/s?a=/b&c") == f"https://h.example/s/{MESSAGE}?a=/b&c#rc=5&rp=all"


def test_connection_overrides_of_the_callers_own_are_kept() -> None:
    assert url_for("https://h.example/s?a=b#rc=2") == f"https://h.example/s/{MESSAGE}?a=b#rc=2"


def test_another_tenant_has_a_door_of_its_own() -> None:
    url = url_for("https://h.example/hooks/twilio/status?a=b", TenantKey("shop-2"))
    assert url == f"https://h.example/hooks/twilio/t/shop-2/status/{MESSAGE}?a=b#rc=5&rp=all"


def test_a_tenants_name_cannot_lead_elsewhere() -> None:
    url = url_for("https://h.example/twilio/status", TenantKey("../a?b#c"))
    assert url == f"https://h.example/twilio/t/..%2Fa%3Fb%23c/status/{MESSAGE}#rc=5&rp=all"


def test_another_tenants_door_cannot_be_derived_from_a_path_of_ones_own() -> None:
    with pytest.raises(InvalidSettings) as caught:
        url_for("https://h.example/reports", TenantKey("shop-2"))
    assert caught.value.setting == "TWILIO_STATUS_CALLBACK_URL"


def test_each_message_has_its_own_address() -> None:
    other = MessageId(UUID("01931f2e-0000-7000-8000-000000000002"))
    assert str(other) in status_callback_url("https://h.example/twilio/status", other, DEFAULT)
