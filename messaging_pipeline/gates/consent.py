"""Has the recipient said stop, or not said yes where that is needed?

Asked by ``explain``, and by the statement that opens an attempt, at the instant of sending. Not when a message is
accepted: its producer gets a record that ends as ``suppressed``, which says why, rather than an error.
"""

from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict


def ask(question: Question) -> Verdict:
    """Refuse somebody who has opted out, or has not consented to what needs a consent."""
    if question.opted_out is None:
        return Verdict.passes("looked up at the instant of sending")
    if question.opted_out:
        return Verdict.refused(
            "the recipient has opted out; the message would be accepted and end as `suppressed`",
            "see `messaging-pipeline consent history`",
        )
    if question.lacks_consent:
        return Verdict.refused(
            "messages of this intent need the recipient's consent, and the ledger has none; "
            "the message would be accepted and end as `suppressed`",
            "enter it with `messaging-pipeline consent import` or Pipeline.consent",
        )
    return Verdict.passes("the recipient has not opted out")
