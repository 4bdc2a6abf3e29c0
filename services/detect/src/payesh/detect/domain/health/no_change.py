"""No change: frames come, and show the same picture."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from payesh.detect.domain.health.condition import ConditionChange, changed
from payesh.detect.domain.moment import Moment

CONDITION = "no_change"
FROZEN_BELOW = 0.02
"""Mean difference in grey levels, as ingest has it for `frozen`: a sensor's noise is more."""
FROZEN_S = 60.0
"""Ingest looks at one picture every few seconds; here each pair, five seconds apart, of a minute
has to be alike."""
SAMPLE_EVERY_S = 5.0
_STEP_PX = 8

Bytes = NDArray[np.uint8]


class NoChange:
    """Remembers every eighth pixel of every eighth row of a recent frame."""

    def __init__(self) -> None:
        self.raised = False
        self.seen: Bytes | None = None
        self._seen_s = 0.0
        self._alike_since_s = 0.0

    def sample(self, now: Moment, luma: Bytes) -> list[ConditionChange]:
        """A frame came; `luma` (h, w) uint8."""
        since_s = now.time_s - self._seen_s
        if self.seen is not None and 0.0 <= since_s < SAMPLE_EVERY_S:
            return []
        picture = luma[::_STEP_PX, ::_STEP_PX].copy()
        known = self.seen is not None and self.seen.shape == picture.shape
        is_next = known and SAMPLE_EVERY_S <= since_s < 2 * SAMPLE_EVERY_S
        if not (is_next and self._is_alike(picture)):
            self._alike_since_s = now.time_s
        self.seen, self._seen_s = picture, now.time_s
        alike_s = now.time_s - self._alike_since_s
        bad = alike_s > 0.0 if self.raised else alike_s >= FROZEN_S
        found = changed(
            CONDITION, was=self.raised, bad=bad, at=now, value=alike_s, threshold=FROZEN_S
        )
        self.raised = bad
        return found

    def _is_alike(self, picture: Bytes) -> bool:
        assert self.seen is not None  # noqa: S101 - the caller has looked
        difference = np.abs(picture.astype(np.int16) - self.seen.astype(np.int16))
        return float(difference.mean()) < FROZEN_BELOW

    def to_state(self) -> list[Any]:
        return [self.raised, self._seen_s, self._alike_since_s]

    @classmethod
    def from_state(cls, state: list[Any], seen: Bytes | None) -> "NoChange":
        raised, seen_s, alike_since_s = state
        made = cls()
        made.raised, made.seen = bool(raised), seen
        made._seen_s, made._alike_since_s = float(seen_s), float(alike_since_s)
        return made
