"""Chooses how fallback e-mail leaves, from what the environment says."""

from messaging_pipeline.errors import InvalidSettings
from messaging_pipeline.fallback.letters import Postbox
from messaging_pipeline.fallback.sendgrid_mail import SendGridPostbox
from messaging_pipeline.fallback.smtp_mail import SmtpPostbox
from messaging_pipeline.settings import Settings


def postbox_from(settings: Settings) -> Postbox | None:
    """Return SendGrid when there is a key for it, else the mail server of ``SMTP_URL``, else None.

    Raises InvalidSettings when one of them is set and wrong, or ``FALLBACK_EMAIL_FROM`` is missing.
    """
    if settings.sendgrid_api_key is not None:
        return SendGridPostbox(
            settings.sendgrid_api_key.get_secret_value(),
            settings.sendgrid_api_base_url,
            _sender(settings, "SENDGRID_API_KEY"),
        )
    if settings.smtp_url is not None:
        return SmtpPostbox(settings.smtp_url.get_secret_value(), _sender(settings, "SMTP_URL"))
    return None


def _sender(settings: Settings, needed_by: str) -> str:
    if settings.fallback_email_from is None:
        raise InvalidSettings(
            "FALLBACK_EMAIL_FROM",
            f"is not set, and {needed_by} needs it",
            "set it to the address that fallback e-mail comes from",
        )
    return settings.fallback_email_from
