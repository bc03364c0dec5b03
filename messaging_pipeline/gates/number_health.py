"""Do carriers know the number at all? Asked when the gate of consent is."""

from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict


def ask(question: Question) -> Verdict:
    """Refuse a number that carriers have called unknown too often."""
    if question.unknown_number is None:
        return Verdict.passes("looked up at the instant of sending")
    if question.unknown_number:
        return Verdict.refused(
            "carriers have called the number unknown too often; the message would be accepted and end as `rejected`",
            "`messaging-pipeline numbers clear` lets it try again",
        )
    if question.landline:
        return Verdict.refused(
            "Twilio has said that the number is no mobile one; the message would be accepted and end as `rejected`",
            "`messaging-pipeline numbers clear` lets it try again",
        )
    return Verdict.passes("carriers have not called the number unknown too often")
