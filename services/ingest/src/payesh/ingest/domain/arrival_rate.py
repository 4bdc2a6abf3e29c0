"""Whether a source's timestamps run as fast as its frames arrive."""

import math
from collections import deque
from dataclasses import dataclass

_BIN_S = 0.25
_WINDOW_BINS = 120
_SHORTEST_S = 1.0
JITTER_S = 0.05
"""Least waits of two halves of a window differ by less than this on an honest source."""
TOLERANCE = 0.01
"""Differences of rate below one percent change no speed by more than its own uncertainty."""
_CATCHING_UP = 0.5
_STEP_S = 0.1
"""Over a single segment the network may move the least wait by less than this."""
_BEFORE_S = 0.5
_LOOKING_BACK_S = (2.0, 4.0, 6.0)
_STEADY = 0.3
"""At least this share of a steady growth falls into each half of it."""


@dataclass(frozen=True, slots=True)
class MeasuredRate:
    """Seconds that pass while timestamps count one, less one: 0.19 for a camera that stamps 25
    frames/s and delivers 21. `window_s` is the time it was measured over."""

    excess: float
    window_s: float


class ArrivalRate:
    """Holds timestamps against arrival over the last 30 s.

    A packet's wait is its arrival less its timestamp. Stalls and bursts make waits longer for a
    while, never shorter, so the least wait of each half of the window is compared: it stays where
    it is on an honest source whatever the network does, and moves steadily where the rate differs.
    That shows a rate which changes in mid-stream only after half a window, so a single segment is
    looked at besides: by how much the least wait is longer after it than before it.
    """

    def __init__(self) -> None:
        self._bins: deque[tuple[int, float, float]] = deque(maxlen=_WINDOW_BINS)
        self._last: tuple[float, float] | None = None
        self._live = False

    def observe(self, media_s: float, arrival_s: float) -> None:
        """Count a packet; `media_s` are decoding times, which increase."""
        last, self._last = self._last, (media_s, arrival_s)
        if not self._live:
            # What was sent before we joined comes in one burst and shows no rate.
            if last is None or arrival_s - last[1] < (media_s - last[0]) * _CATCHING_UP:
                return
            self._live = True
        number, wait_s = int(media_s // _BIN_S), arrival_s - media_s
        if self._bins and self._bins[-1][0] == number:
            _, first_s, least_s = self._bins[-1]
            self._bins[-1] = number, first_s, min(least_s, wait_s)
        else:
            self._bins.append((number, media_s, wait_s))

    def measured(self) -> MeasuredRate | None:
        """None while too little has been seen."""
        if self._last is None or len(self._bins) < 4:
            return None
        begin_s, end_s = self._bins[0][1], self._last[0]
        window_s = end_s - begin_s
        if window_s < _SHORTEST_S:
            return None
        middle_s = begin_s + window_s / 2
        early = [wait_s for _, first_s, wait_s in self._bins if first_s < middle_s]
        late = [wait_s for _, first_s, wait_s in self._bins if first_s >= middle_s]
        if not early or not late:
            return None
        moved_s = min(late) - min(early)
        excess = moved_s / (window_s / 2)
        if abs(moved_s) <= JITTER_S or abs(excess) <= TOLERANCE or excess < -_CATCHING_UP:
            excess = 0.0
        return MeasuredRate(excess, window_s)

    def grows_over(self, begin_s: float, end_s: float) -> float:
        """By which share frames came slower than their timestamps claim between two of them; 0
        where the network may have done it. A stall that is not over looks the same: ask again when
        more has come.

        A slow growth shows over several segments alone, if it is steady: a network's way that
        became longer at once is none.
        """
        shares = [0.0]
        for back_s in (0.0, *_LOOKING_BACK_S):
            since_s, length_s = begin_s - back_s, end_s - begin_s + back_s
            grown = self._grown_s(since_s, since_s + length_s / 2, end_s)
            if grown is None or length_s < _SHORTEST_S:
                continue
            half_s, all_s = grown
            steady = all_s * _STEADY < half_s < all_s * (1 - _STEADY)
            if all_s > _STEP_S and (steady or not back_s):
                shares.append(all_s / length_s)
        return max(shares)

    def _grown_s(self, begin_s: float, middle_s: float, end_s: float) -> tuple[float, float] | None:
        """How much longer the least wait became up to the middle, and up to the end, after which
        frames that were held up may still come. None where too little was seen."""
        early = [w for _, at_s, w in self._bins if begin_s - _BEFORE_S <= at_s < begin_s + _BIN_S]
        middle = [w for _, at_s, w in self._bins if abs(at_s - middle_s) <= _BEFORE_S]
        late = [wait_s for _, at_s, wait_s in self._bins if at_s >= end_s - _BIN_S]
        if not early or not late:
            return None
        return min(middle, default=-math.inf) - min(early), min(late) - min(early)
