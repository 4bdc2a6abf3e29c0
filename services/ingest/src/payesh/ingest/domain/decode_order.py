"""Decoding times of a source that announces presentation times only, as RTP does."""

from bisect import insort


class DecodeTimes:
    """Gives each packet of a stream its decoding time, in the order of decoding.

    With `depth` frames reordered, a frame is decoded when the one is shown that lies `depth` places
    before it: the smallest of the latest `depth` + 1 presentation times. Times in ticks; a
    presentation time that lies `jump` or more from the former one begins anew.
    """

    def __init__(self, depth: int, *, jump: float) -> None:
        self._depth = depth
        self._jump = jump
        self._latest: list[int] = []
        self._last_pts = 0

    def of(self, pts: int, step: int) -> int:
        """The packet's decoding time; `step` is the usual distance of frames."""
        if not self._depth:
            return pts
        if not self._latest or abs(pts - self._last_pts) > self._jump:
            self._latest = [pts - step * distance for distance in range(self._depth, 0, -1)]
        self._last_pts = pts
        insort(self._latest, pts)
        if len(self._latest) > self._depth + 1:
            del self._latest[0]
        return self._latest[0]
