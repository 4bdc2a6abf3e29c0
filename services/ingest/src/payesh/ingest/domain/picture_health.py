"""A camera's health, judged by one small grey picture every few seconds.

Pictures are float32 arrays of shape (height, width), luma 0..255, all of one size.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Luma = NDArray[np.float32]

BLACK_BELOW = 12.0
FROZEN_BELOW = 0.02
BLURRED_BELOW = 0.35
MOVED_ABOVE = 0.04
_RAISE_AFTER = 2
_CLEAR_AFTER = 2
_BASELINE_SAMPLES = 6


def sharpness(luma: Luma) -> float:
    """Variance of the Laplacian (Pech-Pacheco et al., ICPR 2000); falls with blur."""
    centre = luma[1:-1, 1:-1]
    laplacian = luma[:-2, 1:-1] + luma[2:, 1:-1] + luma[1:-1, :-2] + luma[1:-1, 2:] - 4 * centre
    return float(laplacian.var())


def shift_share(reference: Luma, luma: Luma) -> float:
    """Global shift between two pictures as a share of the picture's width, by phase correlation
    (Kuglin and Hines, 1975). 0 when no shift stands out, as between day and night."""
    window = np.outer(np.hanning(luma.shape[0]), np.hanning(luma.shape[1]))
    a = np.fft.rfft2((reference - reference.mean()) * window)
    b = np.fft.rfft2((luma - luma.mean()) * window)
    cross = a * np.conj(b)
    peak = np.fft.irfft2(cross / np.maximum(np.abs(cross), 1e-9), s=luma.shape)
    row, column = np.unravel_index(int(peak.argmax()), peak.shape)
    if float(peak.max()) < 6 * float(peak.std()):
        return 0.0
    height, width = luma.shape
    dy = min(int(row), height - int(row))
    dx = min(int(column), width - int(column))
    return float(np.hypot(dx, dy) / width)


@dataclass(frozen=True, slots=True)
class ConditionChange:
    """A condition that was raised or cleared, with the value that decided it."""

    condition: str
    raised: bool
    value: float
    threshold: float


@dataclass
class _Switch:
    """Changes its state only after several samples in a row that ask for it."""

    raised: bool = False
    against: int = 0

    def sample(self, bad: bool) -> bool:
        """True when the state changed."""
        if bad == self.raised:
            self.against = 0
            return False
        self.against += 1
        if self.against < (_CLEAR_AFTER if self.raised else _RAISE_AFTER):
            return False
        self.raised, self.against = bad, 0
        return True


@dataclass
class PictureHealth:
    """One camera's picture over time. The first samples are taken as its good state.

    `raised`: the conditions last published of it. They are cleared when they have ended, also when
    that happened before this object was made.
    """

    raised: frozenset[str] = frozenset()
    _switches: dict[str, _Switch] = field(default_factory=dict)
    _previous: Luma | None = None
    _reference: Luma | None = None
    _baseline: list[float] = field(default_factory=list)

    def sample(self, luma: Luma) -> Iterator[ConditionChange]:
        """Yields what changed. Focus and direction are not judged by a black picture."""
        mean = float(luma.mean())
        black = mean < BLACK_BELOW
        yield from self._judge("black", black, mean, BLACK_BELOW)
        if self._previous is not None:
            change = float(np.abs(luma - self._previous).mean())
            yield from self._judge("frozen", change < FROZEN_BELOW, change, FROZEN_BELOW)
        self._previous = luma
        if black:
            return
        sharp = sharpness(luma)
        if len(self._baseline) < _BASELINE_SAMPLES:
            self._baseline.append(sharp)
            self._reference = luma if self._reference is None else self._reference
            return
        share = sharp / max(1e-6, float(np.median(self._baseline)))
        yield from self._judge("blurred", share < BLURRED_BELOW, share, BLURRED_BELOW)
        if self._reference is not None and share >= BLURRED_BELOW:
            moved = shift_share(self._reference, luma)
            yield from self._judge("moved", moved > MOVED_ABOVE, moved, MOVED_ABOVE)

    def not_recorded(self, change: ConditionChange) -> None:
        """Take back a change that could not be recorded: found again, it is yielded again."""
        self._switches[change.condition] = _Switch(not change.raised)

    def _judge(
        self, condition: str, bad: bool, value: float, threshold: float
    ) -> Iterator[ConditionChange]:
        switch = self._switches.setdefault(condition, _Switch(condition in self.raised))
        if switch.sample(bad):
            yield ConditionChange(condition, bad, value, threshold)
