"""What somebody probably meant who wrote a name that there is not."""

from collections.abc import Collection
from difflib import get_close_matches

#: How alike two words must be (0 to 1) for one to be taken for a slip of the other.
_A_SLIP = 0.8


def near_miss(word: str, known: Collection[str], likeness: float = _A_SLIP) -> str | None:
    """Return the known name that ``word`` is nearest to, whatever its capitals; None if it is near none."""
    plain = {one.lower(): one for one in known}
    found = get_close_matches(word.lower(), plain, n=1, cutoff=likeness)
    return plain[found[0]] if found else None
