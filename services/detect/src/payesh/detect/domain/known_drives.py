"""Drives of known speed beside what the camera measured of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from payesh.detect.domain.speed import student_975

FEWEST_DRIVES = 4
"""From which a share of lengths is concluded; ten are asked for."""


@dataclass(frozen=True, slots=True)
class MeasuredDrive:
    """A reference's speed and the camera's, each with its 95 % uncertainty, in km/h."""

    known_kmh: float
    known_u95_kmh: float
    speed_kmh: float
    speed_u95_kmh: float

    @property
    def error_kmh(self) -> float:
        return self.speed_kmh - self.known_kmh

    @property
    def ratio(self) -> float:
        return self.speed_kmh / self.known_kmh

    @property
    def e_n(self) -> float:
        """E_n number (ISO 13528): beyond ±1 the two intervals disagree.

        >>> MeasuredDrive(60.0, 0.3, 61.0, 0.4).e_n
        2.0
        """
        return float(self.error_kmh / np.hypot(self.speed_u95_kmh, self.known_u95_kmh))


def shown_length_scale_u95(drives: Sequence[MeasuredDrive]) -> float | None:
    """The relative 95 % uncertainty of lengths along the road that the drives show: the mean error,
    which nobody corrects, and how well it is known (JCGM 100:2008, F.2.4.5). None for fewer than
    `FEWEST_DRIVES`.

    The reference is taken to be the same in all drives, so that its uncertainty does not average.
    """
    if len(drives) < FEWEST_DRIVES:
        return None
    errors = np.array([each.ratio - 1.0 for each in drives])
    scatter = student_975(len(drives) - 1) * float(errors.std(ddof=1)) / len(drives) ** 0.5
    reference = float(np.mean([each.known_u95_kmh / each.known_kmh for each in drives]))
    return float(abs(errors.mean()) + np.hypot(scatter, reference))
