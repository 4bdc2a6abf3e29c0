"""Pixels become metres as surveyed."""

import numpy as np
import pytest

from payesh.detect.domain.geometry import DegenerateControlPoints, ground_plane
from payesh.detect.domain.speed_zone import LaneStrip, SpeedZone
from tests.unit.detect.box_street import project

MARKS = [(-4.9, 42.0), (4.9, 42.0), (-1.6, 31.0), (1.6, 31.0), (-1.6, 20.0), (1.6, 20.0)]


def test_points_between_the_marks_lie_where_the_camera_model_puts_them() -> None:
    plane = ground_plane(project([(x, y, 0.0) for x, y in MARKS]), MARKS)
    truth = [(-3.1, 38.2), (0.4, 27.7), (2.9, 21.3)]
    assert np.allclose(plane.ground(project([(x, y, 0.0) for x, y in truth])), truth, atol=1e-6)
    assert np.allclose(plane.image(truth), project([(x, y, 0.0) for x, y in truth]), atol=1e-6)


def test_a_row_is_worth_more_metres_far_away() -> None:
    plane = ground_plane(project([(x, y, 0.0) for x, y in MARKS]), MARKS)
    near, far = plane.metres_per_row(project([(0, 20, 0), (0, 42, 0)]))
    # f h / d² pixels a metre, d along the line of sight: 1400 · 6.5 / 42² and / 20²
    assert near == pytest.approx(0.0486, rel=0.1)
    assert far / near == pytest.approx((42 / 20) ** 2, rel=0.1)


def test_survey_errors_of_centimetres_stay_centimetres() -> None:
    rng = np.random.default_rng(1)
    pixels = project([(x, y, 0.0) for x, y in MARKS])
    plane = ground_plane(pixels, np.array(MARKS) + rng.normal(0, 0.02, (6, 2)))
    assert np.abs(plane.ground(project([(0, 30, 0)])) - [0, 30]).max() < 0.1


@pytest.mark.parametrize(
    "marks",
    [
        [(0, 0), (1, 1), (2, 2), (3, 3)],
        [(0, 0), (0, 0), (0, 0), (0, 0)],
        [(0, 0), (1, 0), (1, 1)],
    ],
)
def test_marks_that_fix_no_plane_are_refused(marks: list[tuple[int, int]]) -> None:
    with pytest.raises(DegenerateControlPoints):
        ground_plane(marks, marks)


def test_a_zone_works_in_both_directions_and_knows_its_lanes() -> None:
    zone = SpeedZone(20.0, 42.0, (LaneStrip("a", 3.0, 0.0), LaneStrip("b", 0.0, -3.0)))
    assert zone.progress(42.0) == 1.0
    assert [zone.lane_at(x) for x in (1.0, -1.0, 5.0)] == ["a", "b", None]
