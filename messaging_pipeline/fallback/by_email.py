"""The channel `email`: a letter with the message's text, or one of its own."""

from dataclasses import dataclass

from messaging_pipeline.fallback.leaving import Leaving
from messaging_pipeline.fallback.letters import Letter, Postbox, Posted
from messaging_pipeline.messages.plan import EmailStep


@dataclass(frozen=True, slots=True)
class ByEmail:
    """Posts letters, if the environment names a way to."""

    postbox: Postbox | None

    def send(self, leaving: Leaving) -> Posted:
        """Post one letter."""
        step = leaving.step
        assert isinstance(step, EmailStep)  # noqa: S101
        if self.postbox is None:
            return Posted("refused", "no way to send e-mail is configured; set SMTP_URL or SENDGRID_API_KEY")
        text = step.body or leaving.text("\n\n")
        return self.postbox.post(Letter(to=step.to, subject=step.subject, text=text, token=leaving.token))
