"""Quotas of callers: how many requests, and how many refusals, one may have a minute.

They are counted in this process, for each subject: with N replicas behind an address a caller has
up to N times as much, and no request waits for a shared counter.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from math import ceil

from payesh.kit.errors import TooMany

_MOST_CALLERS = 10_000


class Quota:
    """A token bucket for each caller: `per_minute` at once, then as they come back.

    At most 10 000 callers are remembered; the one that was longest idle is forgotten. Callers are
    authenticated, so that a flood of invented names forgets none.
    """

    def __init__(self, per_minute: int, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._most = float(per_minute)
        self._clock_s = clock_s
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, caller: str) -> None:
        """Count one. Raises TooMany when none is left."""
        left = self._left_now(caller)
        if left < 1:
            raise TooMany(retry_after_s=self._wait_s(left))
        self._keep(caller, left - 1)

    def require(self, caller: str) -> None:
        """Raises TooMany when none is left; counts nothing."""
        left = self._left_now(caller)
        if left < 1:
            raise TooMany(retry_after_s=self._wait_s(left))

    def _left_now(self, caller: str) -> float:
        left, since = self._left.get(caller, (self._most, 0.0))
        return min(self._most, left + (self._clock_s() - since) * self._most / 60)

    def _wait_s(self, left: float) -> int:
        return max(1, ceil((1 - left) * 60 / self._most))

    def _keep(self, caller: str, left: float) -> None:
        self._left[caller] = (left, self._clock_s())
        self._left.move_to_end(caller)
        if len(self._left) > _MOST_CALLERS:
            self._left.popitem(last=False)


class Quotas:
    """What `authorize` asks before anything else of a request."""

    def __init__(self, requests_per_minute: int, refusals_per_minute: int) -> None:
        self.requests = Quota(requests_per_minute)
        self.refusals = Quota(refusals_per_minute)

    def admit(self, caller: str) -> None:
        """Count a request. Raises TooMany; also for a caller whose refusals are spent, which
        would otherwise be refused without a record."""
        self.refusals.require(caller)
        self.requests.take(caller)
