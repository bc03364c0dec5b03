"""Chance from one seed: the same question has the same answer in every run, in whatever order it comes."""

from hashlib import blake2b

_SCALE = 1 << 64


class Chance:
    """Draws numbers that depend on the seed and on what is asked about, and on nothing else."""

    def __init__(self, seed: int) -> None:
        self._key = str(seed).encode()[: blake2b.MAX_KEY_SIZE]

    def draw(self, *about: str) -> float:
        """Return a number in [0, 1) for the thing named by ``about``."""
        text = "\x00".join(about).encode()
        return int.from_bytes(blake2b(text, digest_size=8, key=self._key).digest()) / _SCALE

    def happens(self, rate: float, *about: str) -> bool:
        """Say whether something with this rate (0 to 1) happens to the thing named by ``about``."""
        return rate > 0 and self.draw(*about) < rate

    def between(self, bounds: tuple[float, float], *about: str) -> float:
        """Return a value within ``bounds``, both ends included."""
        low, high = bounds
        return low + (high - low) * self.draw(*about)
