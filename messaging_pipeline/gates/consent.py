"""Has the recipient said stop?

Asked by ``explain``, and by the statement that opens an attempt, at the instant of sending. Not when a message is
accepted: its producer gets a record that ends as ``suppressed``, which says why, rather than an error.
"""

from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict


def ask(question: Question) -> Verdict:
    """Refuse somebody who has opted out."""
    if question.opted_out is None:
        return Verdict.passes("looked up at the instant of sending")
    if question.opted_out:
        return Verdict.refused(
            "the recipient has opted out; the message would be accepted and end as `suppressed`",
            "see `messaging-pipeline consent history`",
        )
    return Verdict.passes("the recipient has not opted out")
