"""The second look: a random sample of decisions is decided again, and what follows from it.

The interval is Wilson's (E. B. Wilson, JASA 22, 1927), two-sided at 95 %: unlike the normal one it
holds for few cases and for rates near zero.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import sqrt

LONGEST_WAIT = timedelta(days=7)
"""A second look that nobody took by then lapses: it keeps its citation from its owner and from a
supervisor while it is open."""

_Z_95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class WrongfulRate:
    """Of `looked` issued citations that were decided again, `wrongful` were rejected then."""

    wrongful: int
    looked: int

    @property
    def value(self) -> float | None:
        """The share, 0 to 1; None where none was looked at."""
        return self.wrongful / self.looked if self.looked else None

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper bound of the share at 95 %; 0 and 1 where none was looked at.

        >>> [round(each, 3) for each in WrongfulRate(3, 40).interval]
        [0.026, 0.199]
        """
        if not self.looked:
            return 0.0, 1.0
        n, share, z2 = self.looked, self.wrongful / self.looked, _Z_95**2
        middle = share + z2 / (2 * n)
        half = _Z_95 * sqrt(share * (1 - share) / n + z2 / (4 * n * n))
        low, high = (middle - half) / (1 + z2 / n), (middle + half) / (1 + z2 / n)
        return max(0.0, low), min(1.0, high)

    def is_beyond(self, limit: float, *, least: int) -> bool:
        """Whether even the lower bound is above the limit, over at least `least` citations: one
        officer who is mistaken once suspends no camera."""
        return self.looked >= least and self.interval[0] > limit
