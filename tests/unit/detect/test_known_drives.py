"""What drives of known speed show of a calibration's lengths."""

import doctest

import numpy as np
import pytest

from payesh.detect.domain import known_drives
from payesh.detect.domain.known_drives import (
    FEWEST_DRIVES,
    MeasuredDrive,
    shown_length_scale_u95,
)


def drives(*ratios: float, known_u95_kmh: float = 0.3) -> list[MeasuredDrive]:
    return [MeasuredDrive(60.0, known_u95_kmh, 60.0 * ratio, 0.6) for ratio in ratios]


def test_the_example_holds() -> None:
    outcome = doctest.testmod(known_drives)
    assert (outcome.failed, outcome.attempted) == (0, 1)


def test_a_mean_error_counts_whole_and_a_reference_does_not_average() -> None:
    alike = shown_length_scale_u95(drives(*[1.02] * 50))
    assert alike == pytest.approx(0.02 + 0.3 / 60.0)
    assert shown_length_scale_u95(drives(*[0.98] * 50)) == pytest.approx(alike)


def test_scatter_counts_by_the_number_of_drives() -> None:
    four = shown_length_scale_u95(drives(0.99, 1.01, 0.99, 1.01))
    # Student's t for three degrees of freedom: 3.182 (ISO 3534), within one per cent.
    assert four == pytest.approx(np.hypot(3.182 * 0.011547 / 2, 0.005), rel=0.01)
    forty = shown_length_scale_u95(drives(*[0.99, 1.01] * 20))
    assert four is not None and forty is not None and forty < four / 2


def test_too_few_drives_show_nothing() -> None:
    assert shown_length_scale_u95(drives(*[1.0] * (FEWEST_DRIVES - 1))) is None
