"""``SMTP_URL``: what it may say, and that a wrong one is explained without its password."""

import pytest

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.fallback.smtp_url import Login, SmtpServer, parse_smtp_url


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtp://mail.example.com", SmtpServer("mail.example.com", 25, "none", None)),
        ("smtp://mail.example.com/", SmtpServer("mail.example.com", 25, "none", None)),
        ("smtp://mail.example.com:2525", SmtpServer("mail.example.com", 2525, "none", None)),
        ("smtp://mail.example.com?starttls=1", SmtpServer("mail.example.com", 587, "starttls", None)),
        ("smtps://mail.example.com", SmtpServer("mail.example.com", 465, "tls", None)),
        ("SMTPS://Mail.Example.com:4650", SmtpServer("mail.example.com", 4650, "tls", None)),
        ("smtp://mail_1", SmtpServer("mail_1", 25, "none", None)),
        ("smtp://[::1]:1025", SmtpServer("::1", 1025, "none", None)),
        ("smtp://u:p@127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, "none", Login("u", "p"))),
        ("smtp://u:p@localhost", SmtpServer("localhost", 25, "none", Login("u", "p"))),
        ("smtp://u:p@mail?starttls=0", SmtpServer("mail", 25, "none", Login("u", "p"))),
        (
            "smtps://ann%40shop:p%40s%3As%2F%3F%23%25@mail",
            SmtpServer("mail", 465, "tls", Login("ann@shop", "p@s:s/?#%")),
        ),
    ],
)
def test_a_url_names_a_server_a_port_the_encryption_and_a_login(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url) == server


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://ann:hunter2@mail", "does not start with smtp://"),
        ("mail.example.com:25", "does not start with smtp://"),
        ("smtp://", "no host"),
        ("smtp://ann:hunter2@", "no host"),
        ("smtp://ann:hunter2@mail..example", "no host"),
        ("smtp://ann:hunter2@" + "x" * 64, "no host"),
        ("smtp://ann:hunter2@mail:99999", "port"),
        ("smtp://ann:hunter2@mail:0", "port 0"),
        ("smtp://ann:hunter2@mail:smtp", "port"),
        ("smtp://ann:hun/ter2@mail", "port"),
        ("smtp://ann:hunter2#@mail", "port"),
        ("smtp://[ann:hunter2@mail", "not a URL"),
        ("smtp://ann:hunter2\u2100@mail", "not a URL"),
        ("smtp://ann:hunter2 @mail", "blanks"),
        ("smtp://ann:hunter2\n@mail", "blanks"),
        ("smtp://ann@mail", "without a password"),
        ("smtp://ann:@mail", "without a password"),
        ("smtp://:hunter2@mail", "without a user name"),
        ("smtps://ann:hunter2%0A@mail", "control characters"),
        ("smtps://ann:hunter2%C3%A9@mail", "outside ASCII"),
        ("smtps://ann:hunter2é@mail", "outside ASCII"),
        ("smtp://ann:hunter2@mail/inbox", "does not belong"),
        ("smtp://ann:hunter2@mail#inbox", "does not belong"),
        ("smtp://ann:hunter2@mail?starttls=yes", "option"),
        ("smtp://ann:hunter2@mail?starttls=", "option"),
        ("smtp://ann:hunter2@mail?tls=1", "option"),
        ("smtps://ann:hunter2@mail?starttls=1", "inside smtps"),
        ("smtp://ann:hunter2@mail", "unencrypted"),
    ],
)
def test_a_wrong_url_is_explained_and_its_login_not_repeated(url: str, reason: str) -> None:
    with pytest.raises(InvalidSettings) as caught:
        parse_smtp_url(url)
    assert caught.value.setting == "SMTP_URL"
    assert reason in caught.value.reason
    assert not any(secret in str(caught.value) for secret in ("hunter", "hun/", "ann"))
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_servers_password_stays_out_of_its_repr() -> None:
    assert "hunter2" not in repr(parse_smtp_url("smtps://ann:hunter2@mail"))
