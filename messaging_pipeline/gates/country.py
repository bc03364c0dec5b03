"""Does the tenant write to that country at all, and not to too many people there at once?

Somebody who has a form send codes to numbers of their own, in a country where a message earns them something, is
stopped by these limits long before the bill comes.
"""

from messaging_pipeline.gates.limits import without_room
from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict

_UNLIMITED = Verdict.passes("no country is limited")


def ask(question: Question) -> Verdict:
    """Refuse a country that is not allowed; let a message wait, or refuse it, where a country's limit is reached."""
    allowance = question.allowance
    if allowance is None:
        return _UNLIMITED
    if not allowance.allowed:
        return Verdict.refused(
            f"the tenant does not write to {allowance.country}",
            "add it to `allowed` in the tenant's countries, if you mean to",
        )
    if not allowance.velocity:
        return _UNLIMITED
    return without_room(allowance.velocity, question.used, question.expires_at) or Verdict.passes(
        allowance.velocity[0].words
    )
