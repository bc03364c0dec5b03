"""Which way fallback e-mail leaves, as the environment says."""

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.fallback.addresses import Sender, parse_sender
from messaging_pipeline.fallback.postbox import postbox_from
from messaging_pipeline.fallback.sendgrid_mail import SendGridPostbox
from messaging_pipeline.fallback.smtp_mail import SmtpPostbox
from messaging_pipeline.settings import Settings
from tests.support.letters import SENDER, a_letter
from tests.support.mail_server import mail_server
from tests.support.stand_in import answering, stand_in

SMTP = {"SMTP_URL": "smtp://127.0.0.1:1025"}
SENDGRID = {"SENDGRID_API_KEY": "SG.abc"}
FROM = {"FALLBACK_EMAIL_FROM": SENDER}


@pytest.mark.parametrize(
    ("environment", "kind"),
    [
        ({}, type(None)),
        (FROM, type(None)),
        (SMTP | FROM, SmtpPostbox),
        (SENDGRID | FROM, SendGridPostbox),
        (SENDGRID | SMTP | FROM, SendGridPostbox),
    ],
)
def test_sendgrid_comes_before_smtp_and_either_before_nothing(environment: dict[str, str], kind: type) -> None:
    assert type(postbox_from(Settings.from_environment(environment))) is kind


@pytest.mark.parametrize(("environment", "needed_by"), [(SMTP, "SMTP_URL"), (SENDGRID, "SENDGRID_API_KEY")])
def test_mail_without_a_sender_is_a_mistake_in_the_settings(environment: dict[str, str], needed_by: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        postbox_from(Settings.from_environment(environment))
    assert caught.value.setting == "FALLBACK_EMAIL_FROM"
    assert needed_by in caught.value.reason


@pytest.mark.parametrize(
    "wrong",
    [
        SMTP | {"FALLBACK_EMAIL_FROM": "nobody"},
        SENDGRID | {"FALLBACK_EMAIL_FROM": "nobody"},
        FROM | {"SMTP_URL": "mail.example.com"},
        FROM | {"SENDGRID_API_KEY": "two words"},
    ],
)
def test_a_wrong_setting_is_found_before_the_first_letter(wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings):
        postbox_from(Settings.from_environment(wrong))


def test_the_mail_server_of_the_settings_gets_the_letters() -> None:
    with mail_server() as server:
        postbox = postbox_from(Settings.from_environment(FROM | {"SMTP_URL": f"smtp://127.0.0.1:{server.port}"}))
        assert postbox is not None
        assert postbox.post(a_letter()).state == "sent"
    assert [arrived.sender for arrived in server.letters] == [SENDER]


def test_the_api_of_the_settings_gets_the_letters() -> None:
    with stand_in(answering(202)) as server:
        postbox = postbox_from(Settings.from_environment(FROM | SENDGRID | {"SENDGRID_API_BASE_URL": server.url}))
        assert isinstance(postbox, SendGridPostbox)
        assert postbox.post(a_letter()).state == "sent"
        postbox.close()
    assert [request.headers["authorization"] for request in server.requests] == ["Bearer SG.abc"]


@pytest.mark.parametrize(
    ("text", "sender"),
    [
        (SENDER, Sender(SENDER)),
        (f"<{SENDER}>", Sender(SENDER)),
        (f"Shop <{SENDER}>", Sender(SENDER, "Shop")),
        (f'The "best" <{SENDER}>', Sender(SENDER, 'The "best"')),
        (f'"Shop, Zürich" <{SENDER}>', Sender(SENDER, "Shop, Zürich")),
    ],
)
def test_a_sender_is_an_address_with_or_without_a_name(text: str, sender: Sender) -> None:
    assert parse_sender(text) == sender


@pytest.mark.parametrize(
    "text",
    ["", "nobody", "a@b, c@d", "Shop <nobody>", f"Shop <{SENDER}> x", f"Shop\r\nBcc: x <{SENDER}>", "é@b.example"],
)
def test_a_sender_that_is_no_address_is_named(text: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        parse_sender(text)
    assert caught.value.setting == "FALLBACK_EMAIL_FROM"
