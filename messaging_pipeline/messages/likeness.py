"""How much a text is like a sample with placeholders: a share of words that a person can count.

Of the different words in the sample or in the text, how many are in both? Each placeholder may stand for some words of
the text, which then do not count. Nor do, on either side, words with digits, links, and the usual closing words about
stopping: they are in every text and say nothing of what it is about.
"""

import re

from messaging_pipeline.messages.wording import words

MOST_WORDS_OF_A_PLACEHOLDER = 3

_PLACEHOLDER = re.compile(r"\{[^{}]*\}|\[[^\[\]]*\]|<[^<>]*>")
_LINK = re.compile(r"\S*(?:://|www\.)\S*|\b[\w.-]+\.\w+/\S*")
_HAS_DIGIT = re.compile(r"\d")

_CLOSING_WORDS = frozenset(
    {"reply", "text", "stop", "to", "opt", "out", "unsubscribe", "cancel", "end", "quit", "help", "info"}
    | {"msg", "message", "data", "rates", "may", "apply"}
)


def likeness(sample: str, text: str) -> float:
    """Return a share from 0 (no word in common) to 1 (the same words)."""
    fixed, said = _counted(_PLACEHOLDER.sub(" ", sample)), _counted(text)
    filled = min(len(said - fixed), MOST_WORDS_OF_A_PLACEHOLDER * len(_PLACEHOLDER.findall(sample)))
    either = len(fixed | said) - filled
    return len(fixed & said) / either if either else 1.0


def has_words_of_its_own(sample: str) -> bool:
    """Tell whether a sample has words beside its placeholders."""
    return bool(_counted(_PLACEHOLDER.sub(" ", sample)))


def _counted(text: str) -> set[str]:
    said = words(_LINK.sub(" ", text)).split()
    return {word for word in said if word not in _CLOSING_WORDS and not _HAS_DIGIT.search(word)}
