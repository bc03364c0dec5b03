"""Mail that arrives by SMTP and by SendGrid's API, and mail that is refused."""

import smtplib
from email.message import EmailMessage
from typing import Any

import pytest
import urllib3

from tests.support.simulated_twilio import SimulatedTwilio, Start


@pytest.fixture
def post_office(start: Start) -> SimulatedTwilio:
    return start(smtp_port=0)


def mail_to(*recipients: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = "pipeline@example.com", ", ".join(recipients), "Grüße"
    mail.set_content("Your parcel is here.")
    return mail


def send_by_smtp(twilio: SimulatedTwilio, mail: EmailMessage, login: bool = False) -> None:
    with smtplib.SMTP("127.0.0.1", twilio.simulator.smtp_port or 0) as connection:
        if login:
            connection.login("user", "password")
        connection.send_message(mail)


def send_by_sendgrid(twilio: SimulatedTwilio, authorization: str = "Bearer SG.key", **changes: Any) -> tuple[int, Any]:
    document: dict[str, Any] = {
        "personalizations": [{"to": [{"email": "ann@example.com"}]}],
        "from": {"email": "pipeline@example.com"},
        "subject": "Hello",
        "content": [{"type": "text/plain", "value": "Your parcel is here."}],
    } | changes
    headers = {"Authorization": authorization}
    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", twilio.url + "/v3/mail/send", json=document, headers=headers)
        return answer.status, answer.json() if answer.data else answer.headers["X-Message-Id"]


def without_times(mails: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: text for name, text in mail.items() if name != "received_at"} for mail in mails]


@pytest.mark.parametrize("login", [False, True])
def test_mail_by_smtp_arrives_for_every_recipient(post_office: SimulatedTwilio, login: bool) -> None:
    send_by_smtp(post_office, mail_to("ann@example.com", "bob@example.com"), login)

    mails = post_office.control.mailbox()
    assert [mail["to"] for mail in mails] == ["ann@example.com", "bob@example.com"]
    assert without_times(mails)[0] == {
        "from": "pipeline@example.com",
        "to": "ann@example.com",
        "subject": "Grüße",
        "text": "Your parcel is here.\n",
    }
    assert mails[0]["received_at"] > 1_700_000_000


@pytest.mark.parametrize(("local_part", "code"), [("bounce", 550), ("tempfail", 451)])
def test_some_mailboxes_refuse_by_smtp(post_office: SimulatedTwilio, local_part: str, code: int) -> None:
    with pytest.raises(smtplib.SMTPRecipientsRefused) as caught:
        send_by_smtp(post_office, mail_to(f"{local_part}@example.com"))

    assert [answer[0] for answer in caught.value.recipients.values()] == [code]
    assert post_office.control.mailbox() == []


def test_a_connection_that_is_still_open_does_not_keep_the_simulator_alive(start: Start) -> None:
    post_office = start(smtp_port=0)
    connection = smtplib.SMTP("127.0.0.1", post_office.simulator.smtp_port or 0)
    connection.close()

    send_by_smtp(post_office, mail_to("ann@example.com"))

    assert len(post_office.control.mailbox()) == 1


def test_mail_by_sendgrid_arrives(twilio: SimulatedTwilio) -> None:
    status, message_id = send_by_sendgrid(twilio)

    assert status == 202
    assert message_id
    assert without_times(twilio.control.mailbox()) == [
        {
            "from": "pipeline@example.com",
            "to": "ann@example.com",
            "subject": "Hello",
            "text": "Your parcel is here.",
        }
    ]


def test_sendgrid_wants_a_bearer_token(twilio: SimulatedTwilio) -> None:
    assert send_by_sendgrid(twilio, authorization="Basic x")[0] == 401


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"from": None}, "from.email"),
        ({"subject": None}, "subject"),
        ({"personalizations": []}, "personalizations"),
        ({"personalizations": [{"to": [{"email": "nobody"}]}]}, "personalizations.0.to.0.email"),
        ({"content": []}, "content"),
        ({"content": [{"type": "text/plain", "value": ""}]}, "content.0.value"),
    ],
)
def test_sendgrid_names_the_field_that_is_wrong(twilio: SimulatedTwilio, changes: dict[str, Any], field: str) -> None:
    status, answer = send_by_sendgrid(twilio, **changes)

    assert status == 400
    assert [error["field"] for error in answer["errors"]] == [field]
    assert twilio.control.mailbox() == []


@pytest.mark.parametrize(("local_part", "status"), [("bounce", 400), ("tempfail", 500)])
def test_some_mailboxes_refuse_by_sendgrid(twilio: SimulatedTwilio, local_part: str, status: int) -> None:
    to = [{"to": [{"email": f"{local_part}@example.com"}]}]

    assert send_by_sendgrid(twilio, personalizations=to)[0] == status
    assert twilio.control.mailbox() == []
