"""Repair of the timestamps that cameras get wrong.

Seen in the field: each keyframe repeats the previous frame's time and the next one skips a step;
a firmware's clock regresses or jumps while the picture goes on. A repaired time stays close to the
arrival, so that times derived from it remain true.
"""

from collections import deque
from typing import NamedTuple


class Stamp(NamedTuple):
    """Presentation and decoding time in ticks, and whether they had to be repaired.

    `hole_s` is the time without frames before this one; None when no frame is missing.
    """

    pts: int
    dts: int
    repaired: bool
    hole_s: float | None


class TimestampRepair:
    """Makes decoding times strictly increase.

    `ticks_per_s` is the time base of the stream. A step longer than `hole_s` is believed (frames
    are missing) when as much time passed on our own clock, and corrected otherwise.
    """

    def __init__(self, ticks_per_s: float, *, hole_s: float = 1.0, nominal_s: float = 0.04) -> None:
        self._ticks_per_s = ticks_per_s
        self._hole_ticks = hole_s * ticks_per_s
        self._step = max(1, round(nominal_s * ticks_per_s))
        self._steps: deque[int] = deque(maxlen=9)
        self._last_dts: int | None = None
        self._last_arrival_s = 0.0
        self._shift = 0

    @property
    def step_ticks(self) -> int:
        """The usual distance of two frames, learned from those that were sound."""
        return self._step

    @property
    def shift_ticks(self) -> int:
        """What is added to the source's times since its clock was last set."""
        return self._shift

    def repair(self, pts: int | None, dts: int | None, arrival_s: float) -> Stamp | None:
        """None when a packet carries no time and none can be derived yet."""
        if dts is None:
            dts = pts
        if dts is None:
            if self._last_dts is None:
                return None
            dts = self._last_dts + self._step - self._shift
        composition = 0 if pts is None else max(0, pts - dts)
        dts += self._shift
        last, elapsed_s = self._last_dts, arrival_s - self._last_arrival_s
        self._last_arrival_s = arrival_s
        if last is None:
            self._last_dts = dts
            return Stamp(dts + composition, dts, False, None)
        delta = dts - last
        if 0 < delta <= max(self._hole_ticks, 3 * self._step):
            # The median: a late frame, or a few slow ones, must not become the measure of the next
            # repair.
            self._steps.append(delta)
            self._step = sorted(self._steps)[len(self._steps) // 2]
            self._last_dts = dts
            return Stamp(dts + composition, dts, False, None)
        delta_s = delta / self._ticks_per_s
        if delta > 0 and delta_s / 2 - 0.5 <= elapsed_s <= delta_s * 2 + 0.5:
            self._last_dts = dts
            return Stamp(dts + composition, dts, False, delta_s)
        repaired = last + self._step
        # A frame or two early is jitter around one frame and heals by itself; more is a clock that
        # was set, and everything after it is shifted too.
        if abs(delta) > 4 * self._step:
            self._shift += repaired - dts
        self._last_dts = repaired
        return Stamp(repaired + composition, repaired, True, None)
