"""How long audit records take from their service's commit to the log, over the last minutes."""

from collections import deque
from math import ceil

BOUND_S = 5.0
"""The p95 that is promised."""
WINDOW_S = 300.0
_MOST = 4096


class LagWindow:
    """The lags seen in the last five minutes, at most 4096 of them."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def add(self, lag_s: float, at_s: float) -> None:
        """`at_s` is on a clock that never goes back."""
        self._seen.append((at_s, max(0.0, lag_s)))

    def p95_s(self, at_s: float) -> float | None:
        """The lag that 95 of 100 records stayed within; None when none came."""
        while self._seen and self._seen[0][0] < at_s - WINDOW_S:
            self._seen.popleft()
        if not self._seen:
            return None
        lags = sorted(lag_s for _, lag_s in self._seen)
        return lags[ceil(0.95 * len(lags)) - 1]
