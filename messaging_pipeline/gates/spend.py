"""What does the message cost, and is there money left for it?

The estimate is made from the price list of messaging.toml; there is no other. What is used is counted where the
message leaves, so that a limit holds exactly.
"""

from messaging_pipeline.gates.limits import without_price, without_room
from messaging_pipeline.gates.question import Question
from messaging_pipeline.gates.verdict import Verdict

_NO_PRICES = Verdict.passes("messaging.toml has no price list")


def ask(question: Question) -> Verdict:
    """Let a message wait, or refuse it, when there is no money left, or when nobody knows what it costs."""
    allowance = question.allowance
    if allowance is None or allowance.unit is None:
        return _NO_PRICES
    if allowance.cost is None:
        return without_price(allowance) or Verdict.passes(f"{allowance.country} is not in the price list")
    return without_room(allowance.spend, question.used, question.expires_at) or Verdict.passes(
        f"it costs about {allowance.cost:f} {allowance.unit}"
    )
